"""Two recordings side by side."""

import difflib
import json

#: Of one difference; the recordings hold the rest.
MOST_LINES = 24


def load(folder):
    """Every record of a recording by its id."""
    with (folder / "commands.jsonl").open(encoding="utf-8") as stream:
        return {record["id"]: record for record in map(json.loads, stream)}


def differences(before, after):
    """One text for each command that is not the same in both, as a short unified diff."""
    for name in dict.fromkeys([*before, *after]):
        if name not in after:
            yield f"{name}: only in the first recording"
        elif name not in before:
            yield f"{name}: only in the second recording"
        elif before[name] != after[name]:
            yield f"{name}: calltools {' '.join(after[name]['argv'])}\n" + "\n".join(parts(before[name], after[name]))


def parts(before, after):
    """What differs in one command: its code, its streams, its files."""
    for name in ("argv", "environment", "stdin", "real", "code", "stdout", "stderr"):
        if before[name] != after[name]:
            yield diff(name, str(before[name]), str(after[name]))
    for name in sorted(before["files"].keys() | after["files"].keys()):
        old, new = before["files"].get(name), after["files"].get(name)
        if new is None:
            yield f"file {name}: no longer written"
        elif old != new:
            yield diff(f"file {name}", "<not written>" if old is None else old, new)


def diff(name, before, after):
    """The first lines of a unified diff; long lines are cut."""
    pairs = difflib.unified_diff(
        before.splitlines(), after.splitlines(), f"{name} before", f"{name} after", n=1, lineterm=""
    )
    lines = [line if len(line) < 400 else line[:400] + "..." for line in pairs]
    rest = len(lines) - MOST_LINES
    return "\n".join(lines[:MOST_LINES] + ([f"... {rest} more lines"] if rest > 0 else []))
