from dataclasses import replace

import pydicom
import pytest
from pydicom.dataset import Dataset

from pseudonymizer.engine import (
    Context,
    HeldBack,
    ProfileSpec,
    PseudonymizationError,
    build_profile,
    pseudonymize_file,
)
from pseudonymizer.engine.spec import RuleAction, TagRule


def held_for(ct: Dataset, write_file, target, context: Context) -> str:
    with pytest.raises(HeldBack) as caught:
        pseudonymize_file(write_file(ct), target, context)
    assert list(target.iterdir()) == []
    return caught.value.code


@pytest.mark.parametrize("answer", ["YES", "YES ", "yes"])
def test_burned_in_text_that_is_not_found_is_held(
    answer: str, ct: Dataset, write_file, target, context: Context
):
    ct.add_new(0x00280301, "CS", answer)
    assert held_for(ct, write_file, target, context) == "burned-in"


@pytest.mark.parametrize(
    "sop_class_uid",
    ["1.3.12.2.1107.5.9.1", "1.2.840.10008.5.1.4.1.1.2.4711", "1.2.840.10008.1.1"],
)
def test_an_unknown_class_is_held(
    sop_class_uid: str, ct: Dataset, write_file, target, context: Context
):
    ct.SOPClassUID = sop_class_uid
    assert held_for(ct, write_file, target, context) == "unknown-sop-class"


def test_a_file_without_a_class_is_held(ct: Dataset, write_file, target, context: Context):
    del ct.SOPClassUID
    assert held_for(ct, write_file, target, context) == "unknown-sop-class"


def test_an_encapsulated_pdf_is_held(ct: Dataset, write_file, target, context: Context):
    ct.SOPClassUID = "1.2.840.10008.5.1.4.1.1.104.1"
    assert held_for(ct, write_file, target, context) == "encapsulated-document"


def test_a_document_inside_an_image_is_held(ct: Dataset, write_file, target, context: Context):
    ct.add_new(0x00420011, "OB", b"%PDF")
    assert held_for(ct, write_file, target, context) == "encapsulated-document"


def test_a_video_is_held(ct: Dataset, write_file, target, context: Context):
    ct.SOPClassUID = "1.2.840.10008.5.1.4.1.1.77.1.1.1"
    assert held_for(ct, write_file, target, context) == "video"


def test_a_voice_is_held(ct: Dataset, write_file, target, context: Context):
    ct.SOPClassUID = "1.2.840.10008.5.1.4.1.1.9.4.1"
    assert held_for(ct, write_file, target, context) == "voice"


def test_what_a_steward_accepted_goes_on_and_says_so(
    ct: Dataset, write_file, target, context: Context
):
    ct.add_new(0x00280301, "CS", "YES")
    accepted = replace(context, accepted=frozenset({"burned-in"}))
    output = pydicom.dcmread(pseudonymize_file(write_file(ct), target, accepted).path)
    assert output.BurnedInAnnotation == "NO"


def test_each_cause_is_accepted_on_its_own(ct: Dataset, write_file, target, context: Context):
    ct.SOPClassUID = "1.2.840.10008.5.1.4.1.1.9.4.1"
    ct.add_new(0x00280301, "CS", "YES")
    accepted = replace(context, accepted=frozenset({"voice"}))
    assert held_for(ct, write_file, target, accepted) == "burned-in"


@pytest.mark.parametrize(
    ("code", "sop_class_uid"),
    [
        ("unknown-sop-class", "1.3.12.2.1107.5.9.1"),
        ("video", "1.2.840.10008.5.1.4.1.1.77.1.1.1"),
        ("voice", "1.2.840.10008.5.1.4.1.1.9.4.1"),
        ("encapsulated-document", "1.2.840.10008.5.1.4.1.1.104.1"),
    ],
)
def test_an_accepted_class_is_written_without_the_identity(
    code: str, sop_class_uid: str, ct: Dataset, write_file, target, context: Context
):
    ct.SOPClassUID = sop_class_uid
    accepted = replace(context, accepted=frozenset({code}))
    output = pydicom.dcmread(pseudonymize_file(write_file(ct), target, accepted).path)
    assert output.SOPClassUID == sop_class_uid
    assert output.PatientName == context.subject.pseudonym


def test_one_accepted_cause_does_not_stand_for_another(
    ct: Dataset, write_file, target, context: Context
):
    ct.SOPClassUID = "1.2.840.10008.5.1.4.1.1.9.4.1"
    accepted = replace(context, accepted=frozenset({"identifier-left", "burned-in"}))
    assert held_for(ct, write_file, target, accepted) == "voice"


@pytest.mark.parametrize("sop_class_uid", ["Zwirbelmayr^Hans", "1.2.ZWIRBELMAYR.3"])
def test_a_class_that_is_no_uid_is_refused_whatever_was_accepted(
    sop_class_uid: str, ct: Dataset, write_file, target, context: Context
):
    ct.SOPClassUID = sop_class_uid
    accepted = replace(context, accepted=frozenset({"unknown-sop-class"}))
    with pytest.raises(PseudonymizationError) as caught:
        pseudonymize_file(write_file(ct), target, accepted)
    assert caught.value.code == "no-uid"
    assert not list(target.iterdir())


def test_an_accepted_document_is_kept_whole_and_the_file_says_so(
    ct: Dataset, write_file, target, context: Context
):
    ct.SOPClassUID = "1.2.840.10008.5.1.4.1.1.104.1"
    del ct[0x7FE00010]
    ct.add_new(0x00420011, "OB", b"%PDF-1.4 no name\n")
    accepted = replace(context, accepted=frozenset({"encapsulated-document"}))
    output = pydicom.dcmread(pseudonymize_file(write_file(ct), target, accepted).path)
    assert output.EncapsulatedDocument.startswith(b"%PDF-1.4 no name\n")
    told = "Encapsulated document kept, a data steward looked at it"
    assert told in output.DeidentificationMethod


def test_a_name_in_an_accepted_document_still_holds_it(
    ct: Dataset, write_file, target, context: Context
):
    ct.SOPClassUID = "1.2.840.10008.5.1.4.1.1.104.1"
    del ct[0x7FE00010]
    ct.PatientName = "Zwirbelmayr^Hans"
    ct.add_new(0x00420011, "OB", b"%PDF-1.4 (Zwirbelmayr) Tj")
    accepted = replace(context, accepted=frozenset({"encapsulated-document"}))
    assert held_for(ct, write_file, target, accepted) == "identifier-left"


def test_a_rule_of_the_project_counts_before_what_was_accepted(
    ct: Dataset, write_file, target, context: Context
):
    ct.SOPClassUID = "1.2.840.10008.5.1.4.1.1.104.1"
    del ct[0x7FE00010]
    ct.add_new(0x00420011, "OB", b"%PDF-1.4")
    profile = build_profile(ProfileSpec(rules=(TagRule(0x00420011, RuleAction.EMPTY),)))
    accepted = replace(context, accepted=frozenset({"encapsulated-document"}), profile=profile)
    output = pydicom.dcmread(pseudonymize_file(write_file(ct), target, accepted).path)
    assert not output.EncapsulatedDocument
