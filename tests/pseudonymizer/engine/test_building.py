from dataclasses import replace

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from pseudonymizer.engine import Context, ProfileSpec, build_profile, is_looser, pseudonymize_file
from pseudonymizer.engine.options import BASIC_PROFILE, OPTIONS
from pseudonymizer.engine.spec import DEFAULT_SPEC, RuleAction, TagRule

KEEP, REMOVE, EMPTY = RuleAction.KEEP, RuleAction.REMOVE, RuleAction.EMPTY
REPLACE, SHIFT, MAP_UID = RuleAction.REPLACE, RuleAction.SHIFT, RuleAction.MAP_UID
CONTENT, REFERENCED_IMAGES, DRAWINGS = 0x0040A730, 0x00081140, 0x00700001
STUDY_DATE, BIRTH_DATE, SERIES_DESCRIPTION = 0x00080020, 0x00100030, 0x0008103E
SERIAL_NUMBER, MODALITY = 0x00181000, 0x00080060


def spec(*switches: str, rules: tuple[TagRule, ...] = ()) -> ProfileSpec:
    return ProfileSpec(frozenset(switches), rules)


def with_rules(*rules: TagRule) -> ProfileSpec:
    return replace(DEFAULT_SPEC, rules=rules)


def codes_of(chosen: ProfileSpec) -> set[str]:
    return {option.code for option in build_profile(chosen).options}


@pytest.fixture
def run(write_file, target, context: Context):
    def pseudonymized(dataset: Dataset, *rules: TagRule) -> Dataset:
        chosen = replace(context, profile=build_profile(with_rules(*rules)))
        return pydicom.dcmread(pseudonymize_file(write_file(dataset), target, chosen).path)

    return pseudonymized


def test_codes_and_meanings_are_those_of_cid_7050():
    assert len(OPTIONS) == 10
    known = {code.value: code.meaning for code in codes.cid7050.concepts.values()}
    for option in (BASIC_PROFILE, *OPTIONS):
        assert known[option.code] == option.meaning


def test_own_rules_speak_before_the_table(ct: Dataset, run):
    ct.StudyDate, ct.SeriesDescription, ct.AccessionNumber = "20200304", "Hans", "A1"
    ct.DeviceSerialNumber, ct.FrameOfReferenceUID = "SN 1", "1.2.3.4"
    ct.ReferringPhysicianName = "Doctor^Who"
    ct.InstanceCreationDate, ct.Manufacturer = "20200304", "Maker"
    output = run(
        ct,
        TagRule(0x00080090, REPLACE, "NOBODY"),
        TagRule(0x00080012, EMPTY),
        TagRule(0x00080070, REMOVE),
        TagRule(STUDY_DATE, KEEP),
        TagRule(SERIES_DESCRIPTION, REPLACE, "CT of the study"),
        TagRule(SERIAL_NUMBER, KEEP),
        TagRule(0x00200052, KEEP),
    )
    assert (output.StudyDate, output.SeriesDescription) == ("20200304", "CT of the study")
    assert (output.DeviceSerialNumber, output.FrameOfReferenceUID) == ("SN 1", "1.2.3.4")
    assert (output.ReferringPhysicianName, output.InstanceCreationDate) == ("NOBODY", "")
    assert "Manufacturer" not in output


def test_a_rule_holds_inside_sequences_too(ct: Dataset, run):
    inner = Dataset()
    inner.StudyDate, inner.SeriesDescription = "20200304", "Hans"
    ct.ReferencedSeriesSequence = [inner]
    output = run(ct, TagRule(STUDY_DATE, KEEP), TagRule(SERIES_DESCRIPTION, REPLACE, "CT"))
    (inner,) = output.ReferencedSeriesSequence
    assert (inner.StudyDate, inner.SeriesDescription) == ("20200304", "CT")


@pytest.mark.parametrize(
    ("action", "before", "after"),
    [
        (KEEP, "19560228", "19560228"),
        (SHIFT, "19560228", "19550124"),  # 400 days earlier
        (EMPTY, "19560228", ""),
        (KEEP, "Zwirbelmayr", ""),
    ],
)
def test_the_birth_date_is_empty_unless_a_rule_says_otherwise(action, before, after, ct, run):
    ct.add_new(BIRTH_DATE, "LO", before)
    assert run(ct).PatientBirthDate == ""
    output = run(ct, TagRule(BIRTH_DATE, action))
    assert output.PatientBirthDate == after


def test_a_birth_date_that_the_file_lacks_is_written_empty(ct: Dataset, run):
    assert run(ct, TagRule(BIRTH_DATE, KEEP)).PatientBirthDate == ""


def test_a_rule_that_loosens_takes_the_codes_away_and_the_method_says_so(ct: Dataset, run):
    ct.StudyDate = "20200304"
    output = run(ct, TagRule(STUDY_DATE, KEEP))
    (code,) = output.DeidentificationMethodCodeSequence
    assert code.CodeMeaning == "Clean Descriptors Option"
    assert "Own rules for 1 attributes" in output.DeidentificationMethod
    assert "In part: Modified Dates" in output.DeidentificationMethod


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (DEFAULT_SPEC, {"113100", "113105", "113107"}),
        (with_rules(TagRule(SERIAL_NUMBER, KEEP)), {"113105", "113107"}),
        # Attributes that Table E.1-1 does not list: a person, an address, a reference.
        (with_rules(TagRule(0x00142006, KEEP)), {"113105", "113107"}),  # Evaluator Name
        (with_rules(TagRule(0x00081190, KEEP)), {"113105", "113107"}),  # Retrieve URL
        (with_rules(TagRule(0x00081167, KEEP)), {"113105", "113107"}),
        (spec("uids", rules=(TagRule(0x00081167, KEEP),)), {"113100", "113110"}),
        (with_rules(TagRule(MODALITY, REMOVE)), {"113100", "113105", "113107"}),
        (with_rules(TagRule(STUDY_DATE, EMPTY)), {"113100", "113105", "113107"}),
        (spec("full_dates", rules=(TagRule(STUDY_DATE, EMPTY),)), {"113100"}),
        (spec("device", rules=(TagRule(SERIAL_NUMBER, REMOVE),)), {"113100"}),
        (spec("descriptors", rules=(TagRule(SERIES_DESCRIPTION, KEEP),)), set()),
        (spec("descriptors", rules=(TagRule(SERIES_DESCRIPTION, REMOVE),)), {"113100", "113105"}),
        (spec("device", "uids"), {"113100", "113109", "113110"}),
        (spec("device", "full_dates"), {"113100", "113109", "113106"}),
        (spec("safe_private", "graphics"), {"113100", "113111", "113103"}),
    ],
)
def test_a_code_stands_only_for_an_option_that_is_applied_wholly(chosen, expected):
    assert codes_of(chosen) == expected


def test_lines_of_the_method_fit_their_attribute():
    everything = frozenset(option.name for option in OPTIONS)
    for name in ("full_dates", "modified_dates"):
        for rules in ((), (TagRule(SERIAL_NUMBER, KEEP),)):
            method = build_profile(ProfileSpec(everything - {name}, rules)).method
            assert all(len(line) <= 64 and "\\" not in line for line in method)


def test_each_profile_has_a_version_of_its_own():
    versions = [
        build_profile(chosen).version
        for chosen in (
            DEFAULT_SPEC,
            spec("modified_dates"),
            with_rules(TagRule(STUDY_DATE, KEEP)),
            with_rules(TagRule(STUDY_DATE, EMPTY)),
            with_rules(TagRule(SERIES_DESCRIPTION, REPLACE, "a")),
            with_rules(TagRule(SERIES_DESCRIPTION, REPLACE, "b")),
        )
    ]
    assert len(set(versions)) == len(versions)
    assert build_profile(DEFAULT_SPEC).version == versions[0]


@pytest.mark.parametrize(
    "looser",
    [
        *(spec(*DEFAULT_SPEC.switches, name) for name in
          ("uids", "device", "institution", "characteristics", "safe_private",
           "structured_content", "graphics")),
        spec("full_dates", "four_characteristics", "descriptors"),
        with_rules(TagRule(BIRTH_DATE, KEEP)),
        with_rules(TagRule(BIRTH_DATE, SHIFT)),
        with_rules(TagRule(STUDY_DATE, KEEP)),
        with_rules(TagRule(0x00200052, KEEP)),
        with_rules(TagRule(0x0008103E, KEEP), TagRule(STUDY_DATE, REMOVE)),
        # Kept already, but not all of it: texts in reports, ages in them, texts of ICC profiles.
        with_rules(TagRule(0x00080104, KEEP)),
        with_rules(TagRule(0x0040A30A, KEEP)),
        with_rules(TagRule(0x00282000, KEEP)),
    ],
)  # fmt: skip
def test_what_lets_more_through_is_looser(looser: ProfileSpec):
    assert is_looser(looser, DEFAULT_SPEC)


@pytest.mark.parametrize(
    "tighter",
    [
        DEFAULT_SPEC,
        spec("modified_dates"),
        spec("four_characteristics"),
        spec(),
        with_rules(TagRule(0x00100040, REMOVE)),
        with_rules(TagRule(MODALITY, KEEP)),
        with_rules(TagRule(SERIES_DESCRIPTION, REPLACE, "CT")),
        with_rules(TagRule(0x00080070, EMPTY)),
    ],
)
def test_what_lets_nothing_more_through_is_not(tighter: ProfileSpec):
    assert not is_looser(tighter, DEFAULT_SPEC)


def test_a_rule_that_keeps_what_the_kind_of_object_does_not_have_is_looser():
    only = replace(DEFAULT_SPEC, switches=DEFAULT_SPEC.switches | {"only_iod"})
    echo_time = TagRule(0x00180081, KEEP)
    assert is_looser(replace(only, rules=(echo_time,)), only)
    assert not is_looser(with_rules(echo_time), DEFAULT_SPEC)
    assert codes_of(replace(only, rules=(echo_time,))) == {"113100", "113105", "113107"}


@pytest.mark.parametrize("switches", [(), ("structured_content", "graphics")])
def test_a_text_that_an_own_rule_keeps_is_kept_in_reports_and_drawings(
    switches, ct: Dataset, write_file, target, context: Context
):
    text, label, drawing = Dataset(), Dataset(), Dataset()
    text.TextValue, label.UnformattedTextValue = "Liver lesion seen", "Lesion 1"
    drawing.TextObjectSequence = [label]
    ct.ContentSequence, ct.GraphicAnnotationSequence = [text], [drawing]
    rules = (TagRule(0x0040A160, KEEP), TagRule(0x00700006, KEEP))
    profile = build_profile(spec("modified_dates", *switches, rules=rules))
    chosen = replace(context, profile=profile)
    output = pydicom.dcmread(pseudonymize_file(write_file(ct), target, chosen).path)
    (kept,), (drawn,) = output.ContentSequence, output.GraphicAnnotationSequence
    assert kept.TextValue == "Liver lesion seen"
    assert drawn.TextObjectSequence[0].UnformattedTextValue == "Lesion 1"


def test_going_back_to_the_default_may_be_looser():
    assert is_looser(DEFAULT_SPEC, spec())
    assert not is_looser(
        DEFAULT_SPEC, spec("full_dates", "four_characteristics", "descriptors", "uids")
    )


@pytest.mark.parametrize("tag", [CONTENT, REFERENCED_IMAGES, DRAWINGS])
@pytest.mark.parametrize("action", [REMOVE, EMPTY])
def test_a_sequence_that_goes_no_longer_is_looser(tag: int, action: RuleAction):
    """The basic action leaves its tree, with numbers and references."""
    assert is_looser(DEFAULT_SPEC, with_rules(TagRule(tag, action)))
    assert not is_looser(with_rules(TagRule(tag, action)), DEFAULT_SPEC)
