import json

import pytest

from pseudonymizer.engine import ProfileSpec, SpecError
from pseudonymizer.engine.attributes import find_attributes, tag_named
from pseudonymizer.engine.spec import (
    DEFAULT_SPEC,
    RuleAction,
    TagRule,
    allowed_actions,
    parse_spec,
    spec_from_text,
)

SERIES_DESCRIPTION, STUDY_DATE, FRAME_OF_REFERENCE = 0x0008103E, 0x00080020, 0x00200052


def problems(*rules: TagRule, switches: frozenset[str] = frozenset()) -> list[str]:
    with pytest.raises(SpecError) as caught:
        ProfileSpec(switches, rules)
    return [problem.sentence for problem in caught.value.problems]


def test_the_default_has_modified_dates_four_characteristics_and_cleaned_descriptors():
    assert DEFAULT_SPEC.switches == {"modified_dates", "four_characteristics", "descriptors"}
    assert DEFAULT_SPEC.rules == ()


def test_an_exported_profile_can_be_read_again():
    rules = (
        TagRule(SERIES_DESCRIPTION, RuleAction.REPLACE, "CT"),
        TagRule(STUDY_DATE, RuleAction.SHIFT),
    )
    spec = ProfileSpec(frozenset({"full_dates", "device"}), rules)
    assert spec_from_text(json.dumps(spec.as_json())) == spec
    assert spec.as_json()["rules"][0] == {
        "tag": "0008,0020",
        "keyword": "StudyDate",
        "action": "shift",
    }


def test_full_and_modified_dates_exclude_each_other():
    assert problems(switches=frozenset({"full_dates", "modified_dates"})) == [
        "Full and modified dates exclude each other. Choose one."
    ]


@pytest.mark.parametrize(
    "tag",
    [
        *(0x00100010, 0x00100020, 0x00120010, 0x00120040, 0x00120062, 0x00120063, 0x00120064),
        *(0x0020000D, 0x0020000E, 0x00080016, 0x00080018, 0x00280303),
    ],
)
@pytest.mark.parametrize("action", RuleAction)
def test_no_rule_reaches_what_the_engine_writes(tag: int, action: RuleAction):
    assert "writes this attribute itself" in problems(TagRule(tag, action, ""))[0]
    assert allowed_actions(tag) == ()


@pytest.mark.parametrize(
    "tag", [0x00020010, 0x00020003, 0x00091001, 0x60003000, 0x50000010, 0x7FE00010, 0x00080000]
)
def test_groups_outside_the_header_and_private_ones_take_no_rule(tag: int):
    assert "take no rule" in problems(TagRule(tag, RuleAction.KEEP))[0]


def test_actions_fit_the_kind_of_value():
    assert problems(TagRule(SERIES_DESCRIPTION, RuleAction.SHIFT)) == ["Only dates can be shifted."]
    assert problems(TagRule(STUDY_DATE, RuleAction.MAP_UID)) == ["Only UIDs can be mapped."]
    assert "no text" in problems(TagRule(FRAME_OF_REFERENCE, RuleAction.REPLACE, "1.2"))[0]
    assert "how the pixels are read" in problems(TagRule(0x00280010, RuleAction.REMOVE))[0]
    assert allowed_actions(FRAME_OF_REFERENCE) == (
        RuleAction.KEEP,
        RuleAction.REMOVE,
        RuleAction.EMPTY,
        RuleAction.MAP_UID,
    )


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        (STUDY_DATE, "2020-01-01"),
        (STUDY_DATE, "20201340"),
        (SERIES_DESCRIPTION, ""),
        (SERIES_DESCRIPTION, "a\\b"),
        (SERIES_DESCRIPTION, "Köln"),
        (SERIES_DESCRIPTION, "a\nb"),
        (SERIES_DESCRIPTION, 65 * "x"),
        (0x00080060, "ct"),  # Modality takes capitals
    ],
)
def test_a_replacement_fits_the_form_of_its_attribute(tag: int, text: str):
    assert "does not fit" in problems(TagRule(tag, RuleAction.REPLACE, text))[0]


def test_two_rules_for_one_attribute_are_refused():
    twice = TagRule(STUDY_DATE, RuleAction.KEEP), TagRule(STUDY_DATE, RuleAction.EMPTY)
    assert problems(*twice) == ["There are two rules for this attribute. Keep one."]


@pytest.mark.parametrize(
    "text",
    [
        *("", "null", "[]", "{}", "nonsense", '"x"', "[" * 100_000),
        '{"format": "pacs2go-profile", "version": 2, "options": [], "rules": []}',
        '{"format": "other", "version": 1, "options": [], "rules": []}',
        '{"format": "pacs2go-profile", "version": 1, "options": [1], "rules": []}',
        '{"format": "pacs2go-profile", "version": 1, "options": "uids", "rules": []}',
        '{"format": "pacs2go-profile", "version": 1, "options": [], "rules": [3]}',
        '{"format": "pacs2go-profile", "version": 1, "options": [], "rules": [], "x": 1}',
    ],
)
def test_a_file_that_is_no_profile_is_refused(text: str):
    with pytest.raises(SpecError, match="no profile of this portal"):
        spec_from_text(text)


def test_every_problem_of_a_file_is_told_and_named():
    content = DEFAULT_SPEC.as_json() | {
        "rules": [
            {"tag": "Nonsense", "action": "keep"},
            {"tag": "StudyDate", "action": "burn"},
            {"tag": "StudyDate", "action": "keep", "text": 3},
        ]
    }
    with pytest.raises(SpecError) as caught:
        parse_spec(content)
    assert [problem.where for problem in caught.value.problems] == [
        "#1",
        "Study Date",
        "Study Date",
    ]


def test_attributes_are_found_by_number_keyword_and_words():
    assert find_attributes("0008,103e", 5)[0].keyword == "SeriesDescription"
    assert find_attributes("(0008,103E)", 5)[0].keyword == "SeriesDescription"
    assert find_attributes("SeriesDescription", 5)[0].tag == SERIES_DESCRIPTION
    assert find_attributes("description series", 5)[0].tag == SERIES_DESCRIPTION
    for written in ("patients name", "patient's name", "Patient\u2019s Name"):
        assert find_attributes(written, 5)[0].keyword == "PatientName"
    assert find_attributes("Gender Identity Code Sequence", 3)[0].vr in ("", "SQ")
    assert len(find_attributes("date", 7)) == 7
    assert find_attributes("", 5) == find_attributes("zzzz", 5) == []
    assert tag_named("00080020") == tag_named("StudyDate") == STUDY_DATE
    assert tag_named("Study Date") is None
