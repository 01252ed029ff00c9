"""Where the records lie: at any depth, in one list or several lists of one path, of a known export or by a path."""

import pytest

from calltools.errors import UsageError
from calltools.files.json.records import choose_records

ONE, TWO, THREE = {"start": "1", "from": "2", "talk": "3"}, {"start": "4"}, {"start": "5"}
KNOWN = {"start", "from", "talk"}


def is_export(keys):
    return {*keys} >= KNOWN


def choose(document, path=None, known=lambda _: False):
    return list(choose_records(document, "calls.json", known, path).items)


@pytest.mark.parametrize(
    "document",
    [
        [ONE, TWO],
        {"result": [ONE, TWO]},
        {"result": {"data": {"items": [ONE, TWO]}}, "errors": []},
        {"content": [[ONE], [TWO]]},
        [[ONE], [TWO]],
        {"pages": [{"rows": [ONE]}, {"rows": [TWO]}]},
        {"_embedded.notes": [ONE, TWO]},
    ],
    ids=["a list", "an envelope", "deep", "lists of lists", "lists in a list", "pages", "a key with a dot"],
)
def test_the_known_list_is_found_at_any_depth_and_joined_in_order(document):
    assert choose(document, known=is_export) == [ONE, TWO]


@pytest.mark.parametrize("document", [[ONE, TWO], {"result": [ONE, TWO]}, {"a": {"b": [ONE, TWO]}, "c": []}])
def test_the_only_list_needs_no_known_key(document):
    assert choose(document) == [ONE, TWO]


def test_short_lists_inside_records_are_cells():
    records = [{"id": "1", "tags": [{"name": "a"}]}, {"id": "2", "tags": []}]

    assert choose({"data": records}) == records
    assert choose(records) == records


def test_an_object_without_a_list_is_one_record():
    assert choose(ONE) == [ONE]
    assert choose({"result": []}) == []


def test_one_record_of_a_known_export_may_hold_lists():
    """As JSON Lines have it on a day with one call."""
    record = ONE | {"history": [TWO, THREE]}

    assert choose(record, known=is_export) == [record]
    assert choose(record) == [TWO, THREE]
    with pytest.raises(UsageError) as refused:
        choose(ONE | {"history": [ONE]}, known=is_export)
    assert refused.value.facts["lists"] == "., history"


def test_a_path_says_the_same_of_one_line_as_of_several():
    record = ONE | {"history": [TWO, THREE]}

    for path, items in ((".", [record]), ("[].history", [TWO, THREE])):
        assert choose(record, path) == choose([record], path) == items


@pytest.mark.parametrize(
    "document",
    [
        {"status": "complete", "data": [{"list": [], "period": "", "total": "0", "more": False}]},
        {"data": [{"list": []}, {"list": []}]},
        [{"pages": [{"list": [], "next": None}]}],
    ],
)
def test_lists_that_only_wrap_empty_lists_hold_no_record(document):
    assert choose(document) == []


@pytest.mark.parametrize(
    "record",
    [{"start": "1773298800", "tags": []}, {"name": "Иванов", "tags": []}, {"start": "12.03", "tags": []}, {"id": "1"}],
)
def test_a_record_with_an_empty_list_is_no_wrapper(record):
    assert choose({"data": [record]}) == choose([record]) == [record]


@pytest.mark.parametrize(
    ("document", "paths"),
    [
        ({"calls": [ONE], "chats": [TWO]}, "calls, chats"),
        ({"data": [{"list": [ONE, TWO], "period": "x"}]}, "data, data[].list"),
        (
            {"channels": [{"calls": [ONE, TWO], "chats": [THREE, THREE]}]},
            "channels, channels[].calls, channels[].chats",
        ),
    ],
)
def test_of_several_lists_a_person_chooses(document, paths):
    with pytest.raises(UsageError) as refused:
        choose(document)

    assert refused.value.facts["lists"] == paths
    assert refused.value.exit_code == 2


def test_a_list_of_a_known_export_counts_before_others():
    document = {"channels": [{"calls": [ONE, TWO], "chats": [{"start": "9"}, {}]}, {"chats": [{}]}], "more": []}

    found = choose_records(document, "calls.json", is_export)

    assert [*found.items] == [ONE, TWO]
    assert (found.path, found.others, found.was_chosen) == ("channels[].calls", {"channels[].chats": 3}, True)


def test_keys_of_inner_objects_count_with_those_above_them():
    document = {"notes": [{"from": {"id": "1"}}], "users": [{"from": "x"}]}

    assert choose(document, known=lambda keys: "from.id" in keys) == document["notes"]


def test_most_keys_of_a_known_export_are_not_enough():
    document = {"calls": [{"start": "1", "from": "2"}], "chats": [TWO]}

    with pytest.raises(UsageError) as refused:
        choose(document, known=is_export)

    assert refused.value.key == "json-lists-several"


def test_two_lists_of_known_exports_leave_the_choice_to_a_person():
    with pytest.raises(UsageError) as refused:
        choose({"more": [TWO, TWO], "old": [ONE], "new": [ONE, ONE]}, known=is_export)

    assert (refused.value.facts["lists"], refused.value.facts["first"]) == ("more, old, new", "old")


def test_the_only_list_was_not_chosen_and_what_is_inside_of_its_records_is_no_other():
    document = {"data": [{"id": "1", "tags": [{"name": "a"}]}, {"id": "2"}]}

    found = choose_records(document, "calls.json", is_export)

    assert (found.path, found.others, found.was_chosen) == ("data", {}, False)


@pytest.mark.parametrize(
    ("path", "items"),
    [("data", [{"list": [ONE, TWO]}]), ("data[].list", [ONE, TWO]), ("other.a.b", [THREE])],
)
def test_a_path_says_which(path, items):
    assert choose({"data": [{"list": [ONE, TWO]}], "other": {"a": {"b": [THREE]}}}, path) == items


def test_a_wrong_path_names_those_that_there_are():
    with pytest.raises(UsageError) as refused:
        choose({"data": [{"list": [ONE]}]}, "data.list")

    assert refused.value.facts["lists"] == "data, data[].list"
