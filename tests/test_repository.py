"""The repository: contracts, generated files, names that must not be in code, invented people only."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

import calltools
from calltools.exports import EXPORTS
from calltools.vendors.profile import build_profile_schema

ROOT = Path(__file__).parent.parent
CODE = sorted((ROOT / "calltools").rglob("*.py"))
#: Area or operator code, then zeros: invented. Ranges reserved for fiction in Britain and North America.
INVENTED = re.compile(
    r"(?:\+?7|8|810)?(?:495|499|812|9[0-9]{2})000[0-9]{4}|44(?:2079460|7700900)[0-9]{3}|38044000[0-9]{4}|1?[2-9][0-9]{2}55501[0-9]{2}"
)
PHONE = re.compile(r"(?<![0-9.])(?:\+|8|7)[0-9 ()-]{9,17}[0-9](?![0-9.])")


def test_import_contracts_are_kept():
    done = subprocess.run([Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, check=False)

    assert done.returncode == 0, done.stdout.decode()


def test_public_names_are_sorted_and_there():
    assert calltools.__all__ == sorted(calltools.__all__)
    assert all(getattr(calltools, name) for name in calltools.__all__)


def test_no_vendor_is_named_in_python():
    profiles = [tomllib.loads(path.read_text(encoding="utf-8")) for path in (ROOT / "schemas/vendors").glob("*.toml")]
    names = {name for profile in profiles for name in [profile["name"], *profile.get("aliases", [])]}

    named = [
        (path.name, name)
        for path in CODE
        for name in names
        if re.search(rf"\b{name}\b", path.read_text(encoding="utf-8").lower())
    ]

    assert names
    assert named == []


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("metrica_calls.table.json", EXPORTS["table-schema"]),
        ("metrica_calls.schema.json", EXPORTS["json-schema"]),
        ("metrica_calls_pandera.py", EXPORTS["pandera"]),
        ("vendor_profile.schema.json", lambda: json.dumps(build_profile_schema(), ensure_ascii=False, indent=2) + "\n"),
    ],
)
def test_generated_schemas_are_fresh(file, text):
    path = ROOT / "schemas" / file
    if os.environ.get("CALLTOOLS_GOLDEN") == "rewrite":
        path.write_text(text(), encoding="utf-8")

    assert path.read_text(encoding="utf-8") == text()


def test_help_loads_nothing_heavy():
    program = (
        "import sys; sys.argv = ['calltools', '--help']\n"
        "from calltools.cli.app import start\n"
        "start()\n"
        "print([name for name in ('pandas', 'pandera', 'pyarrow', 'numpy', 'rich.console') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True)

    assert done.stdout.decode().splitlines()[-1] == "[]"


def sample_texts():
    """Each sample as text, workbooks cell by cell."""
    for path in sorted((ROOT / "samples").rglob("*")):
        if path.suffix == ".xlsx":
            workbook = CalamineWorkbook.from_path(path)
            rows = [row for name in workbook.sheet_names for row in workbook.get_sheet_by_name(name).to_python()]
            cells = [f"{cell:.0f}" if isinstance(cell, float) else str(cell) for row in rows for cell in row]
            yield path, "\n".join(cells)
        elif path.suffix in {".csv", ".json", ".jsonl", ".md"}:
            data = path.read_bytes()
            yield path, data.decode("utf-8", "ignore") + data.decode("cp1251", "ignore")


def strange_phones(text):
    for found in PHONE.findall(text):
        digits = re.sub("[^0-9]", "", found)
        # Unix times, and ids that hold them, begin with 17 and follow no plus.
        if 11 <= len(digits) <= 14 and not INVENTED.search(digits) and not found.startswith("17"):
            yield found


def test_samples_hold_invented_phones_only():
    read = list(sample_texts())

    assert {path.suffix for path, _ in read} >= {".csv", ".json", ".jsonl", ".md", ".xlsx"}
    assert [(path.name, phone) for path, text in read for phone in strange_phones(text)] == []


def test_a_phone_that_could_be_real_would_be_seen():
    real = "+7 916 " + "123-45-67"

    assert list(strange_phones(f"Call;{real};1772434800\n+74950000001;+442079460001\n")) == [real]


def test_no_path_of_a_machine_is_written_down():
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False).stdout.split(b"\0")
    machine = re.compile(rb"(?<![\w.])/(?:home|Users|root|work|mnt|opt)/[\w.]+/")

    named = [
        (name.decode(), found.decode())
        for name in files
        if name and (path := ROOT / name.decode()).is_file() and path.suffix not in {".xlsx", ".xls", ".xlsb", ".ods"}
        for found in machine.findall(path.read_bytes())
    ]
    assert named == []


def test_nothing_large_is_tracked():
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False).stdout.split(b"\0")

    assert [
        name
        for name in files
        if name and (ROOT / name.decode()).exists() and (ROOT / name.decode()).stat().st_size > 1 << 20
    ] == []


def test_no_loop_of_an_upload_ends_by_the_wall_clock():
    """A clock that is set would end it too early, or never."""
    found = [
        f"{path.name}: {ast.unparse(node)}"
        for room in ("ledger", "metrica", "uploading", "runtime")
        for path in (ROOT / "calltools" / room).glob("*.py")
        for loop in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(loop, ast.While)
        for node in ast.walk(loop)
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in {"now", "time", "utcnow"}
    ]

    assert found == []
