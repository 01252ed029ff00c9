"""Every rule passes what it should pass and finds what it should find: ``cases/CT###.toml``."""

import pytest

from calltools.errors import UsageError
from calltools.rules.catalog import RULES_BY_CODE
from tests.rules import case_files

CODES = sorted(path.stem for path in case_files.CASES.glob("*.toml"))


def blocks(kind):
    return [
        pytest.param(code, block, id=f"{code}-{number}")
        for code in CODES
        for number, block in enumerate(case_files.read(code).get(kind, []), 1)
    ]


def test_every_rule_has_a_case_file_and_every_file_a_rule():
    assert sorted(RULES_BY_CODE) == CODES


@pytest.mark.parametrize("code", CODES)
def test_every_case_file_passes_something_and_fails_something(code):
    case = case_files.read(code)

    assert set(case) == {"pass", "fail"}
    assert all(case.values())


@pytest.mark.parametrize(("code", "block"), blocks("pass"))
def test_pass_blocks_have_no_finding_of_the_rule(code, block, tmp_path):
    if "refused" in block:
        with pytest.raises(UsageError) as refusal:
            case_files.run(block, tmp_path)
        assert refusal.value.key == block["refused"]
        return

    findings = case_files.run(block, tmp_path)

    assert [finding for finding in findings if finding.code == code] == []
    assert case_files.other_codes(block, findings, code) == case_files.expected_other_codes(block)


@pytest.mark.parametrize(("code", "block"), blocks("fail"))
def test_fail_blocks_have_the_findings_of_the_rule_in_their_places(code, block, tmp_path):
    expected = case_files.expected(block, RULES_BY_CODE[code].severity)

    findings = case_files.run(block, tmp_path)

    named = [finding for finding in findings if finding.code == code]
    assert [
        case_files.comparable(finding, wanted["sentence"]) for finding, wanted in zip(named, expected, strict=False)
    ] == expected
    assert len(named) == len(expected)
    assert case_files.other_codes(block, findings, code) == case_files.expected_other_codes(block)
