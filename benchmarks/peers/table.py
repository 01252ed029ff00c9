"""The figures as a Markdown table."""

from typing import Any, Final

from benchmarks.peers.participants import PARTICIPANTS

_BUSY_TITLE: Final = "ratio, peak (machine busy)"


def table(results: dict[str, Any]) -> str:
    """For each size the ratio to the floor, seconds and peak; the growth; how many cells are those of calltools."""
    sizes = results["sizes"]
    lines = [
        "| | phones | "
        + " | ".join(f"{int(size):,} records" for size in sizes)
        + " | growth: ten times the records | bad cells of the small file |",
        "|---|---|" + "---|" * (len(sizes) + 2),
    ]
    for name, participant in PARTICIPANTS.items():
        measured = [sizes[size].get(name) for size in sizes]
        if any(measured):
            phones = "-" if name == "floor" else "in full" if participant.phones_in_full else "shape"
            cells = [*map(_figures, measured), _growth(sizes, name), _agreement(name, results["gate"].get(name))]
            lines.append(f"| {participant.title} | {phones} | " + " | ".join(cells) + " |")
    notes = [f"{int(size):,} records: {_circumstances(figures)}" for size, figures in sizes.items()]
    return "\n".join(["<!-- written by make bench-peers -->", "", *lines, "", *(f"{note}.  " for note in notes), ""])


def short_table(results: dict[str, Any], most: int = 1_000_000) -> str:
    """One line for one size, for README.md: the ratio to the floor, and the peak."""
    records = max(size for size in map(int, results["sizes"]) if size <= most)
    figures = results["sizes"][str(records)]
    named = [name for name in PARTICIPANTS if name in figures and name != "floor"]
    cells = [
        str(figures[name].get("stopped") or "{0}, {2}".format(*_figures(figures[name]).split(", "))).replace("**", "")
        for name in named
    ]
    return "\n".join(
        [
            "| " + " | ".join([f"{records:,} records", *(PARTICIPANTS[name].title for name in named)]) + " |",
            "|---" * (len(named) + 1) + "|",
            "| " + " | ".join([_BUSY_TITLE if _is_busy(figures["calltools"]) else "ratio, peak", *cells]) + " |",
            "",
        ]
    )


def _figures(measured: dict[str, Any] | None) -> str:
    if measured is None:
        return ""
    if "stopped" in measured:
        return str(measured["stopped"])
    seconds = f"{measured['seconds']:.2f}" if measured["seconds"] < 10 else f"{measured['seconds']:.0f}"
    return f"**{measured['seconds'] / measured['floor']:.1f}**, {seconds} s, {measured['peak_mib']:,} MiB"


def _growth(sizes: dict[str, Any], name: str) -> str:
    """How time and peak grow where the file is the largest that was measured, against a tenth of it."""
    for size in sorted(map(int, sizes), reverse=True):
        large, small = (sizes.get(str(count), {}).get(name, {}) for count in (size, size // 10))
        if "seconds" in large and "seconds" in small:
            time, peak = (large[what] / small[what] for what in ("seconds", "peak_mib"))
            early = "" if size == max(map(int, sizes)) else f" (to {size:,})"
            return f"time × {time:.1f}, memory × {peak:.1f}{early}"
    return ""


def _agreement(name: str, compared: dict[str, Any] | None) -> str:
    if name == "calltools":
        return "these"
    if compared is None:
        return "-"
    differences = [
        f"{sum(compared[side].values())} {side} ({', '.join(compared[side])})"
        for side in ("missing", "more")
        if compared[side]
    ]
    return ", ".join([f"{compared['same']:,} same", *differences])


def _circumstances(figures: dict[str, Any]) -> str:
    """When, and on what machine."""
    said = {
        f"{one['date']}, {one['cores']} cores, load {one['load']} before"
        + (" (busy with other work: rough ratios only)" if _is_busy(one) else "")
        for one in figures.values()
    }
    return "; ".join(sorted(said))


def _is_busy(figures: dict[str, Any]) -> bool:
    """Whether other processes kept the cores busy; the peers' own runs leave a load of about one a core."""
    return bool(figures["load"] > 2 * figures["cores"])
