"""Who is looked at: by hand, from what devices write into their images."""

import pytest

from pseudonymizer.engine.burned_in.risk import must_look
from pseudonymizer.engine.elements import Dataset, text_element

CT, MR, PT = (f"1.2.840.10008.5.1.4.1.1.{arc}" for arc in ("2", "4", "128"))
CR, XA, MG = (f"1.2.840.10008.5.1.4.1.1.{arc}" for arc in ("1", "12.1", "1.2"))
US, CAPTURE, SLIDE = (f"1.2.840.10008.5.1.4.1.1.{arc}" for arc in ("6.1", "7", "77.1.6"))
PHOTOGRAPH, SEGMENTATION = (f"1.2.840.10008.5.1.4.1.1.{arc}" for arc in ("77.1.4", "66.4"))


def header(modality: str, image_type: str, **others: str) -> Dataset:
    tags = {
        "position": (0x00200032, "DS"),
        "burned_in": (0x00280301, "CS"),
        "conversion": (0x00080064, "CS"),
        "label": (0x00480010, "CS"),
        "intent": (0x00080068, "CS"),
        "description": (0x0008103E, "LO"),
    }
    elements = [
        text_element(0x00080060, "CS", modality),
        text_element(0x00080008, "CS", image_type),
    ]
    elements += [text_element(*tags[name], value) for name, value in others.items()]
    return {element.tag: element for element in elements}


@pytest.mark.parametrize(
    ("sop_class_uid", "modality", "image_type"),
    [
        (CT, "CT", "ORIGINAL\\PRIMARY\\AXIAL"),
        (CT, "CT", "DERIVED\\SECONDARY\\MPR"),
        (MR, "MR", "ORIGINAL\\PRIMARY\\M\\SE"),
        (MR, "MR", "DERIVED\\SECONDARY\\OTHER"),
        (PT, "PT", "ORIGINAL\\PRIMARY"),
        (SEGMENTATION, "SEG", "DERIVED\\PRIMARY"),
    ],
)
def test_slices_with_a_place_in_the_patient_are_not_looked_at(
    sop_class_uid: str, modality: str, image_type: str
):
    slice_ = header(modality, image_type, position="0\\0\\0")
    assert not must_look(slice_, sop_class_uid)


@pytest.mark.parametrize(
    ("sop_class_uid", "modality", "image_type"),
    [
        (US, "US", "ORIGINAL\\PRIMARY"),
        (CAPTURE, "CT", "DERIVED\\SECONDARY"),
        (f"{CAPTURE}.4", "OT", ""),
        (PHOTOGRAPH, "XC", "ORIGINAL\\PRIMARY"),
        (CT, "CT", "DERIVED\\SECONDARY\\SCREEN SAVE"),
        (CT, "CT", "DERIVED\\SECONDARY"),
        (CT, "CT", "ORIGINAL\\SECONDARY\\OTHER"),
        (MR, "MR", "DERIVED\\PRIMARY"),
        (CR, "CR", "DERIVED\\PRIMARY"),
        (XA, "XA", "DERIVED\\PRIMARY"),
        (MG, "MG", "DERIVED\\PRIMARY"),
        (CR, "ZZ", "ORIGINAL\\PRIMARY"),
        (SLIDE, "SM", "ORIGINAL\\PRIMARY\\LABEL\\NONE"),
    ],
)
def test_what_devices_and_people_write_into_is_looked_at(
    sop_class_uid: str, modality: str, image_type: str
):
    assert must_look(header(modality, image_type), sop_class_uid)


@pytest.mark.parametrize(
    ("sop_class_uid", "modality"), [(XA, "XA"), (XA, "RF"), (MG, "MG"), (SLIDE, "SM")]
)
def test_originals_of_loops_breasts_and_slides_are_not_looked_at(sop_class_uid: str, modality: str):
    assert not must_look(header(modality, "ORIGINAL\\PRIMARY\\VOLUME"), sop_class_uid)


@pytest.mark.parametrize("modality", ["CR", "DX", "RG", "PX", "IO"])
def test_plain_x_rays_are_looked_at_whatever_they_say_unless_nobody_reads_them(modality: str):
    original = "ORIGINAL\\PRIMARY"
    assert must_look(header(modality, original), CR)
    assert must_look(header(modality, original, burned_in="NO"), CR)
    assert must_look(header(modality, original, intent="FOR PRESENTATION"), CR)
    assert not must_look(header(modality, original, intent="FOR PROCESSING"), CR)


@pytest.mark.parametrize("others", [{"burned_in": "YES"}, {"conversion": "DF"}, {"label": "YES"}])
def test_what_an_image_says_of_itself_is_enough(others: dict[str, str]):
    slice_ = header("CT", "ORIGINAL\\PRIMARY\\AXIAL", position="0\\0\\0", **others)
    assert must_look(slice_, CT)


@pytest.mark.parametrize(
    ("description", "is_page"),
    [
        ("Dose Report", True),
        ("PATIENT_PROTOCOL", True),
        ("999 Screen-Save", True),
        ("Thorax low dose", False),
        ("Stroke protocol, dose 50 %", False),
    ],
)
def test_pages_between_slices_are_known_by_their_names(description: str, is_page: bool):
    """Some devices store them as slices, place in the patient included."""
    page = header("CT", "ORIGINAL\\PRIMARY\\AXIAL", position="0\\0\\0", description=description)
    assert must_look(page, CT) == is_page


def test_an_ultrasound_image_is_looked_at_whatever_it_says():
    assert must_look(header("US", "ORIGINAL\\PRIMARY", burned_in="NO"), US)
