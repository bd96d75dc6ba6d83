"""Names and UIDs in places where no reader of DICOM looks for them: none comes through."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from struct import unpack

import pydicom
import pytest
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import ComprehensiveSRStorage

from pseudonymizer.engine import (
    Context,
    HeldBack,
    ProfileSpec,
    build_profile,
    pseudonymize_file,
)
from pseudonymizer.engine.options import DEFAULT_SWITCHES

NAME = "Zwirbelmayr"
STUDY = "1.3.6.1.4.1.5962.4711.77"
Plant = Callable[[Dataset], None]


def add(tag: int, vr: str, value: object) -> Plant:
    def plant(dataset: Dataset) -> None:
        dataset[tag] = DataElement(tag, vr, value)

    return plant


def in_report(tag: int, vr: str, value: object) -> Plant:
    def plant(dataset: Dataset) -> None:
        dataset.SOPClassUID = ComprehensiveSRStorage
        del dataset[0x7FE00010]
        add(tag, vr, value)(dataset)

    return plant


def in_item(tag: int, vr: str, value: object) -> Plant:
    def plant(dataset: Dataset) -> None:
        item = Dataset()
        add(tag, vr, value)(item)
        dataset.ReferencedSeriesSequence = [item]

    return plant


def encrypted(dataset: Dataset) -> None:
    inner = Dataset()
    inner.EncryptedContent = PLANTED
    dataset.EncryptedAttributesSequence = [inner]


PLANTED = NAME.encode() + b"^Hans"
# Nobody else in the file has this name, so only its place can betray it.
REMOVED: dict[str, Plant] = {
    "variable pixel data": add(0x7F000010, "OW", PLANTED),
    "wavelet coefficients": add(0x7FE00020, "OW", PLANTED),
    "a table of offsets without frames": add(0x7FE00001, "OV", PLANTED),
    "padding of a report": in_report(0xFFFCFFFC, "OB", PLANTED),
    "a person where a maker belongs": add(0x00080070, "PN", f"{NAME}^Hans"),
    "a note where a code belongs": add(0x00181140, "UT", f"he is {NAME}, she said"),
    "a UID where a filter belongs": in_item(0x00181210, "UI", STUDY),
    "an address where a code belongs": in_item(0x00080120, "UR", f"https://h.de/{NAME}"),
    "words and digits in numbers": add(0x00280106, "US", list(unpack("<11H", PLANTED + b" 1956 "))),
    "a note in numbers": add(0x00280106, "US", list(unpack("<11H", b"(Zwirbelmayr: 3/56; @)"))),
    "words in numbers that nobody knows": add(
        0x0018FFF1, "UL", list(unpack("<5L", PLANTED + b" 12 "))
    ),
    "encrypted attributes": encrypted,
    "an order": add(0x00402006, "SH", NAME),
    "why a treatment ended": add(0x300A0730, "ST", f"{NAME} felt sick"),
    "how a patient lies": add(0x300A01D0, "ST", f"left of the tattoo {NAME}"),
    "a profile of colors that is none": add(0x00282000, "OB", PLANTED),
    "a retired tag without a name": add(0x00189445, "OB", PLANTED),
    "another one": in_item(0x00080202, "OB", PLANTED),
    "an intervention": add(0x0018003A, "ST", f"after lunch with {NAME}"),
    "what a view leaves out": in_item(0x00281351, "ST", f"hidden by the arm of {NAME}"),
    "how a visual field was taken": add(0x00240069, "LO", f"{NAME} was tired"),
    "where a scope was": add(0x00082258, "ST", NAME),
    "a mask of radiotherapy": in_item(0x300A0194, "SH", NAME),
    "the setup of a patient": in_item(0x300A0183, "LO", f"Setup of {NAME}"),
    "a specimen": add(0x00400553, "ST", NAME),
}


@pytest.mark.parametrize("place", REMOVED)
def test_what_hides_a_name_goes(place: str, ct, write_file, target, context: Context) -> None:
    REMOVED[place](ct)
    content = pseudonymize_file(write_file(ct), target, context).path.read_bytes()
    assert NAME.encode() not in content
    assert STUDY.encode() not in content


HELD: dict[str, Plant] = {
    "the numbers of a contour": add(0x00660016, "OF", bytes(range(64)) + PLANTED + bytes(40)),
    "a palette": add(0x00281201, "OW", b"\0\xff" * 30 + PLANTED.ljust(18, b"\0")),
    "a table to blend colors": add(
        0x00281408, "OW", b"\xff\0desc" + NAME.encode("utf-16-be") + b"\xff" * 4
    ),
    "a few numbers": add(0x00280107, "OB", b"\xff\xff" + PLANTED),
}


@pytest.mark.parametrize("place", HELD)
def test_the_last_look_reads_between_numbers(
    place: str, ct, write_file, target, context: Context
) -> None:
    ct.PatientName = f"{NAME}^Hans"
    HELD[place](ct)
    with pytest.raises(HeldBack) as caught:
        pseudonymize_file(write_file(ct), target, context)
    assert caught.value.code == "identifier-left"
    assert not list(target.iterdir())


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "FrameOfReferenceUID"])
def test_a_former_uid_in_a_text_is_found(
    keyword: str, ct, write_file, target, context: Context
) -> None:
    setattr(ct, keyword, STUDY)
    ct.ConvolutionKernel = f"B30 {STUDY}"
    with pytest.raises(HeldBack, match="0018,1210"):
        pseudonymize_file(write_file(ct), target, context)


@pytest.mark.parametrize(
    "keyword",
    ["RequestedProcedureID", "ScheduledProcedureStepID", "PerformedProcedureStepID"],
)
def test_a_number_of_the_order_is_found(keyword, ct, write_file, target, context) -> None:
    order = Dataset()
    setattr(order, keyword, "R-471189")
    ct.RequestAttributesSequence, ct.ConvolutionKernel = [order], "B30 R471189"
    with pytest.raises(HeldBack, match="0018,1210"):
        pseudonymize_file(write_file(ct), target, context)


@pytest.mark.parametrize(
    "keyword",
    [
        *("ContainerIdentifier", "SpecimenIdentifier", "SpecimenAccessionNumber"),
        *("ClinicalTrialSubjectID", "ClinicalTrialSubjectReadingID"),
        "InsurancePlanIdentification",
    ],
)
def test_a_number_of_specimen_trial_or_insurance_is_found(
    keyword, ct, write_file, target, context
) -> None:
    setattr(ct, keyword, "S20-98765")
    ct.ConvolutionKernel = "B30 s20/98765"
    with pytest.raises(HeldBack, match="0018,1210"):
        pseudonymize_file(write_file(ct), target, context)


@pytest.mark.parametrize(
    ("institution", "model", "is_held"),
    [
        ("Klinikum Zwirbelmayr", "MR of KLINIKUM ZWIRBELMAYR, 2", True),
        ("Klinikum Zwirbelmayr", "Zwirbelmayr 3T", False),
        ("Zwirbelmayr", "Zwirbelmayr 3T", False),
        ("Chest CT", "chest ct protocol", False),
    ],
)
def test_an_institution_is_found_by_its_whole_name(
    institution: str, model: str, is_held: bool, ct, write_file, target, context: Context
) -> None:
    ct.InstitutionName, ct.ManufacturerModelName = institution, model
    source = write_file(ct)
    if not is_held:
        pseudonymize_file(source, target, context)
        return
    with pytest.raises(HeldBack, match="0008,1090"):
        pseudonymize_file(source, target, context)


def test_an_image_in_a_sequence_is_held(ct, write_file, target, context: Context) -> None:
    in_item(0x7FE00010, "OW", bytes(12))(ct)
    with pytest.raises(HeldBack) as caught:
        pseudonymize_file(write_file(ct), target, context)
    assert caught.value.code == "nested-frames"


@pytest.mark.parametrize("vr", ["OB", "UN"])
def test_a_uid_of_a_wrong_vr_is_mapped(vr: str, ct, write_file, target, context: Context) -> None:
    right = pseudonymize_file(write_file(ct), target, context).sop_instance_uid
    uid = ct.SOPInstanceUID
    ct[0x00080018] = DataElement(0x00080018, vr, uid.encode())
    assert pseudonymize_file(write_file(ct), target, context).sop_instance_uid == right


@pytest.mark.parametrize("uid", ["/../../escaped", f"1.2.{NAME}", "../x"])
def test_what_is_no_uid_is_mapped_also_where_uids_are_kept(
    uid: str, ct, write_file, target: Path, context: Context
) -> None:
    ct.SOPInstanceUID, ct.StudyInstanceUID = uid, STUDY
    keeping = replace(context, profile=build_profile(ProfileSpec(DEFAULT_SWITCHES | {"uids"})))
    result = pseudonymize_file(write_file(ct), target, keeping)
    assert result.path.parent == target
    assert result.sop_instance_uid.startswith("2.25.")
    assert pydicom.dcmread(result.path).StudyInstanceUID == STUDY


def test_a_uid_below_the_standards_root_is_the_same_wherever_it_names_an_instance(
    ct, write_file, target, context: Context
) -> None:
    built = "1.2.840.10008.4711.1"  # by a device: PS3.6 lists no such UID
    ct.FrameOfReferenceUID = ct.VolumeFrameOfReferenceUID = built
    ct.MultiFrameSourceSOPInstanceUID = built
    output = pydicom.dcmread(pseudonymize_file(write_file(ct), target, context).path)
    assert output.FrameOfReferenceUID.startswith("2.25.")
    assert output.VolumeFrameOfReferenceUID == output.FrameOfReferenceUID
    assert output.MultiFrameSourceSOPInstanceUID == output.FrameOfReferenceUID
