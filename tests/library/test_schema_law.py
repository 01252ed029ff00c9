"""The pandera schemas say what ``calltools.check`` says: the same rules fail on the same cells.

There are two: ``calltools.schema()``, which runs our tests, and the module ``schemas/metrica_calls_pandera.py``, which is
written anew in plain Python and needs nothing of ours.
"""

import importlib.util
import subprocess
import sys
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pandas as pd
import pandera.pandas as pandera
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandera.typing import DataFrame

import calltools
from calltools.fields.kinds import KINDS
from calltools.fields.table import FIELD_NAMES, FIELDS
from calltools.rules.catalog import RULES, RULES_BY_CODE
from tests.conftest import NOW
from tests.rules import case_files

MODULE = Path(__file__).parents[2] / "schemas" / "metrica_calls_pandera.py"
#: Errors that only a file, a mapping or a whole table can have; pandera has words of its own for headers.
OUT = {rule.code for rule in RULES if rule.cell is None and rule.row is None} - {"CT102", "CT610"}


def load_module():
    spec = importlib.util.spec_from_file_location("metrica_calls_pandera", MODULE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    # What it takes for now.
    module.time = SimpleNamespace(time=lambda: NOW)
    return module


ALONE = load_module()
OURS = calltools.schema(as_of=NOW)


def verdict(schema, frame):
    """What fails: the code of a rule, the row, and the column; of a rule on records the row alone."""
    try:
        schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as fault:
        cases = fault.failure_cases
        of_cells = cases["schema_context"] == "Column"
        rows = zip(cases["check"].str[:5], cases["index"], cases["column"].where(of_cells, None), strict=True)
        return {place(code, row, column) for code, row, column in rows}
    return set()


def our_verdict(frame, **options):
    found = calltools.check(frame, as_of=NOW, **options).findings.to_pylist()
    return {
        place(one["code"], one["record"] - 1, one["column"])
        for one in found
        if one["severity"] == "error" and one["code"] not in OUT and one["record"]
    }


def place(code, row, column):
    """Rules on records, and prices with a sign of currency, which need the record, are compared without the column.

    Only the whole table shows that a spreadsheet has swapped dates (CT610); of the cell alone they are no Unix time.
    """
    code = "CT212" if code == "CT610" else code
    return code, row, None if RULES_BY_CODE[code].row or code == "CT221" else column


def rows_of_cases():
    """Each record of the case files, as a row with all columns."""
    for path in sorted(case_files.CASES.glob("*.toml")):
        case = case_files.read(path.stem)
        for block in (*case["pass"], *case["fail"]):
            if ("cells" in block and block["column"] in FIELD_NAMES) or "records" in block:
                for record in case_files.records_of(block):
                    if set(record) <= {*FIELD_NAMES}:
                        yield dict.fromkeys(FIELD_NAMES, "") | record


CASES = pd.DataFrame([*rows_of_cases()], columns=list(FIELD_NAMES))
EXAMPLES = {
    field.name: [
        *(example.text for example in KINDS[field.kind].examples),
        *(example.canonical for example in KINDS[field.kind].examples if example.canonical),
        *CASES[field.name].unique(),
    ]
    for field in FIELDS
}
#: What is put before, behind or into a cell: signs that guards, placeholders, phones and addresses are made of.
PIECES = ["", " ", "\t", "'", '="', '"', "\u00a0", "\u200b", "\x1f", "\x00", "\ufffd", "+", "8", "(0)", "-", ".", ".0", ",5", "e+7", "₽", "руб.", "$", "%41", "@", ":80", "/", "я", "NULL"]  # fmt: skip


#: The cost of a frame hardly depends on them.
ROWS_OF_A_FRAME = 400


def broken_cell(name, random):
    """A cell of the cases, or one that something was put into."""
    text = random.choice(EXAMPLES[name] if random.random() < 0.9 else EXAMPLES["PhoneNumber"])
    for _ in range(random.choice([0, 0, 1, 1, 2])):
        at = random.randint(0, len(text))
        text = text[:at] + random.choice(PIECES) + text[at + random.randint(0, 2) :]
    return text


def broken_frame(seed):
    random = Random(seed)  # noqa: S311 - cells, not secrets
    rows = [[broken_cell(name, random) for name in FIELD_NAMES] for _ in range(ROWS_OF_A_FRAME)]
    return pd.DataFrame(rows, columns=list(FIELD_NAMES))


def test_the_cases_hold_all_rules_on_cells_and_records():
    found = {code for code, _, _ in our_verdict(CASES)}

    errors = {rule.code for rule in RULES if rule.severity == "error" and (rule.cell or rule.row)}
    assert errors - found == set()


@pytest.mark.parametrize("schema", [OURS, ALONE.schema], ids=["ours", "alone"])
def test_the_verdict_on_all_cases_is_that_of_check(schema):
    assert verdict(schema, CASES) == our_verdict(CASES)


@settings(max_examples=2)
@given(seed=st.integers(0, 2**32))
def test_the_verdict_on_any_cells_is_that_of_check(seed):
    frame = broken_frame(seed)

    expected = our_verdict(frame)

    for schema in (OURS, ALONE.schema):
        differ = verdict(schema, frame) ^ expected
        assert not differ, [(one, frame.iloc[one[1]].to_dict()) for one in sorted(differ, key=repr)][:3]


@pytest.mark.parametrize("schema", [OURS, ALONE.schema], ids=["ours", "alone"])
@pytest.mark.parametrize("dtype", ["str", "object", "string", "string[pyarrow]", "category"])
def test_text_of_any_type_of_pandas_is_judged_and_null_is_absent(schema, dtype):
    rows = CASES.head(60).replace("", None)

    assert verdict(schema, rows.astype(dtype)) == our_verdict(rows)


@pytest.mark.parametrize("schema", [OURS, ALONE.schema], ids=["ours", "alone"])
def test_cells_that_are_no_text_are_named_for_it(schema):
    frame = pd.DataFrame({"DateTime": [1773014400, 1773014401], "ClientId": ["5", "6"]})

    with pytest.raises(pandera.errors.SchemaErrors) as failed:
        schema.validate(frame, lazy=True)

    cases = failed.value.failure_cases
    assert cases[cases["check"] == "not-text"]["index"].tolist() == [0, 1]


@pytest.mark.parametrize("schema", [OURS, ALONE.schema], ids=["ours", "alone"])
@pytest.mark.parametrize(
    ("frame", "failed"),
    [
        ({"ClientId": ["5"]}, "column_in_dataframe"),
        ({"ClientId": ["5"], "DateTime": ["1773014400"], "Phone": [""]}, "column_in_schema"),
        ({"DateTime": ["1773014400"], "PhoneNumber": ["+74950000001"]}, "CT102 identifier-column-missing"),
        ({"DateTime": ["1773014400"], "StaticCall": ["0"]}, "CT102 identifier-column-missing"),
        ({"DateTime": ["1773014400"], "StaticCall": ["1"]}, None),
        ({"DateTime": ["1773014400"], "UserId": ["5"]}, None),
    ],
)
def test_columns_are_those_that_the_service_knows(schema, frame, failed):
    frame = pd.DataFrame(frame)
    if failed is None:
        assert schema.validate(frame, lazy=True) is not None
        return

    with pytest.raises(pandera.errors.SchemaErrors) as fault:
        schema.validate(frame, lazy=True)

    assert fault.value.failure_cases["check"].tolist() == [failed]


def test_the_region_counts_in_our_schema_as_in_check():
    frame = pd.DataFrame(
        {"DateTime": ["1773014400"], "ClientId": ["5"], "PhoneNumber": ["+84950000000"]},
    )

    assert verdict(calltools.schema(as_of=NOW, region="RU"), frame) == our_verdict(frame, region="RU") != set()
    assert verdict(calltools.schema(as_of=NOW, ignore="CT2"), frame) == set()


def test_warnings_are_warnings_of_pandera():
    frame = pd.DataFrame({"DateTime": ["1773014400"], "ClientId": ["5"], "Price": ["1"]})

    assert verdict(OURS, frame) == set()
    with pytest.warns(pandera.errors.SchemaWarning, match="CT303"):
        calltools.schema(warnings=True, as_of=NOW).validate(frame, lazy=True)


@pytest.mark.parametrize("model", [calltools.MetricaCalls, ALONE.MetricaCalls], ids=["ours", "alone"])
def test_the_models_stand_in_annotations(model):
    @pandera.check_types
    def keep(calls: DataFrame[model]) -> DataFrame[model]:
        return calls

    good = pd.DataFrame({"DateTime": ["1773014400"], "ClientId": ["5"]})

    assert keep(good).equals(good)
    with pytest.raises(pandera.errors.SchemaError):
        keep(good.assign(ClientId="0"))


def test_the_module_needs_nothing_of_calltools(tmp_path):
    (tmp_path / "metrica_calls_pandera.py").write_bytes(MODULE.read_bytes())
    program = "import sys, metrica_calls_pandera; print([one for one in sys.modules if one.startswith('calltools')])"

    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, check=True, cwd=tmp_path)

    assert done.stdout.decode().strip() == "[]"
