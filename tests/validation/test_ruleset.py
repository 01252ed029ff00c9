import numpy as np
import pytest

from calltools.errors import UsageError
from calltools.model.finding import Findings
from calltools.model.rule import Severity
from calltools.rules.catalog import RULES
from calltools.validation.ruleset import select_rules


def test_nothing_selected_means_all_rules():
    assert {rule.code for rule in select_rules().rules()} == {rule.code for rule in RULES}


@pytest.mark.parametrize(
    ("select", "ignore", "inside", "outside"),
    [
        pytest.param(["CT241"], [], {"CT241"}, {"CT242", "CT101"}, id="one code"),
        pytest.param(["phone-impossible"], [], {"CT243"}, {"CT241"}, id="one name"),
        pytest.param(["CT24", "ct1"], [], {"CT241", "CT246", "CT101"}, {"CT231"}, id="prefixes in any case"),
        pytest.param(["CT2"], ["CT24"], {"CT231"}, {"CT241"}, id="ignore takes from select"),
        pytest.param([], ["record-duplicate"], {"CT402"}, {"CT401"}, id="ignore alone"),
    ],
)
def test_words_choose_rules(select, ignore, inside, outside):
    ruleset = select_rules(select, ignore)

    assert all(code in ruleset for code in inside)
    assert not any(code in ruleset for code in outside)


@pytest.mark.parametrize(
    ("word", "nearest"),
    [("phone-imposible", "phone-impossible"), ("CT24X", "CT24"), ("price-not-decimals", "price-not-decimal")],
)
def test_an_unknown_word_is_refused_with_the_nearest(word, nearest):
    with pytest.raises(UsageError) as refused:
        select_rules([word])

    assert nearest in str(refused.value)
    assert word in refused.value.say("ru")


def test_a_word_near_nothing_is_refused_too():
    with pytest.raises(UsageError, match="qqqqqq"):
        select_rules(["qqqqqq"])


def test_stamping_drops_what_was_not_chosen_and_keeps_a_milder_word():
    one = np.array([1])
    findings = Findings.concat(
        [
            Findings.for_rule("CT301", records=one, places=one, severity="note"),
            Findings.for_rule("CT301", records=one, places=one),
            Findings.for_rule("CT241", records=one, places=one),
        ]
    )

    stamped = select_rules(["CT3"]).apply_severities(findings).to_rows()

    assert [(row["code"], row["severity"]) for row in stamped] == [("CT301", "note"), ("CT301", "error")]


@pytest.mark.parametrize(("vendor", "gone"), [(True, {"CT004", "CT103"}), (False, {"CT004", "CT102"})])
def test_mending_a_file_softens_what_the_conversion_repairs(vendor, gone):
    mended = select_rules().for_normalized(vendor=vendor)

    assert mended.severities["CT003"] is mended.severities["CT005"] is Severity.NOTE
    assert not any(code in mended for code in gone)
