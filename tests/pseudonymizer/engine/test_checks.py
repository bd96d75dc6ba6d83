import pytest
from pydicom.dataset import Dataset

from pseudonymizer.engine import Context, HeldBack, pseudonymize_file


def held_for(ct: Dataset, write_file, target, context: Context) -> str:
    with pytest.raises(HeldBack) as caught:
        pseudonymize_file(write_file(ct), target, context)
    assert list(target.iterdir()) == []
    return caught.value.code


@pytest.mark.parametrize("answer", ["YES", "YES ", "yes"])
def test_burned_in_text_is_held(answer: str, ct: Dataset, write_file, target, context: Context):
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
