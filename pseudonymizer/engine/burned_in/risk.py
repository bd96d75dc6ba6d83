"""Whose pixels are looked at: each clue in a header has a weight, and a reason for it.

Scanners of slices write no text into them, and looking takes a thousand times as long as copying;
screens, cameras and ultrasound devices write names into most of what they send.
"""

import re
from collections.abc import Iterator
from enum import Enum
from functools import lru_cache

from pseudonymizer.engine.elements import Dataset, Element, text_of

LOOK_FROM = 3

_IMAGE_TYPE, _MODALITY, _CONVERSION_TYPE = 0x00080008, 0x00080060, 0x00080064
_PRESENTATION_INTENT, _SERIES_DESCRIPTION = 0x00080068, 0x0008103E
_IMAGE_POSITION, _FRAME_GROUPS = 0x00200032, 0x52009229
_LABEL_IN_IMAGE, _BURNED_IN_ANNOTATION = 0x00480010, 0x00280301
_PLACES = (_IMAGE_POSITION, _FRAME_GROUPS)  # it counts that they are there
_SAYINGS = (
    *(_IMAGE_TYPE, _MODALITY, _CONVERSION_TYPE, _PRESENTATION_INTENT),
    *(_SERIES_DESCRIPTION, _LABEL_IN_IMAGE, _BURNED_IN_ANNOTATION),
)
_STORAGE = "1.2.840.10008.5.1.4.1.1"
_SECONDARY_CAPTURE = f"{_STORAGE}.7."  # and what stands below it
_SCREEN_CLASSES = tuple(f"{_STORAGE}.{arc}." for arc in ("3", "6", "77.1"))  # ultrasound, light
_SLIDE_CLASS = f"{_STORAGE}.77.1.6"
_SLICE_MODALITIES = frozenset({"CT", "MR", "PT", "NM", "SEG", "RTDOSE"})
_XRAY_MODALITIES = frozenset({"CR", "DX", "IO", "MG", "PX", "RF", "RG", "RTIMAGE", "XA"})
_PLAIN_XRAY_MODALITIES = frozenset({"CR", "DX", "IO", "PX", "RG"})
_SCREEN_WORDS = ("CAPTURE", "DOSE", "PROTOCOL", "REPORT", "SCAN", "SCREEN")
# How scanners call the pages that they add to slices; "low dose" and "protocol" alone are slices.
_PAGE_NAMES = (
    *("DOSE INFO", "DOSE PAGE", "DOSE RECORD", "DOSE REPORT", "DOSE SHEET", "DOSE SUMMARY"),
    *("PATIENT PROTOCOL", "SCREEN CAPTURE", "SCREEN SAVE", "SCREENSAVE", "SCREENSHOT"),
)


class Clue(Enum):
    """What speaks for text in the pixels, with its weight and the reason for it."""

    SAYS_YES = (3, "Burned In Annotation says YES.")
    LABEL = (3, "The label of a slide stands in the image.")
    SECONDARY_CAPTURE = (3, "A capture shows a screen, a paper or a film, names included.")
    SCREEN_DEVICE = (3, "Ultrasound, endoscopes and cameras write into their images.")
    UNKNOWN_MODALITY = (3, "Nothing is known of what this device writes into its images.")
    CONVERTED = (3, "Conversion Type is given: a film or a screen was digitized.")
    SCREEN_TYPE = (3, "Image Type names a screen, a report or a dose sheet.")
    PAGE = (3, "Series Description names a page for people to read.")
    XRAY = (2, "X-ray systems write markers, and names once an image is processed.")
    PLAIN_XRAY = (1, "Plain X-rays were films once, and come from digitizers and print queues.")
    DERIVED = (1, "Workstations write into what they derive.")
    SECONDARY = (1, "The pixels were made after the examination.")
    NO_POSITION = (2, "A slice has a place in the patient; a picture of slices has none.")

    def __init__(self, weight: int, reason: str) -> None:
        self.weight = weight
        self.reason = reason


def must_look(header: Dataset, sop_class_uid: str) -> bool:
    """Tell whether the image may hold text, so that its pixels have to be looked at."""
    said = [(tag, header[tag].value) for tag in _SAYINGS if tag in header]
    said += [(tag, b"") for tag in _PLACES if tag in header]
    return _weight(tuple(said), sop_class_uid) >= LOOK_FROM


@lru_cache(maxsize=64)  # the slices of a series say the same
def _weight(said: tuple[tuple[int, bytes], ...], sop_class_uid: str) -> int:
    header = {tag: Element(tag, "UN", value) for tag, value in said}
    return sum(clue.weight for clue in clues(header, sop_class_uid))


def says_yes(header: Dataset) -> bool:
    """Tell whether the file itself says that it shows text."""
    return text_of(header.get(_BURNED_IN_ANNOTATION)).upper() == "YES"


def clues(header: Dataset, sop_class_uid: str) -> Iterator[Clue]:
    """Yield what speaks for text in the pixels.

    Parameters
    ----------
    header : dict of int to Element
        The dataset as it was read.
    sop_class_uid : str
        The kind of object.
    """
    if says_yes(header):
        yield Clue.SAYS_YES
    if text_of(header.get(_LABEL_IN_IMAGE)).upper() == "YES":
        yield Clue.LABEL
    if header.get(_CONVERSION_TYPE):
        yield Clue.CONVERTED
    modality = text_of(header.get(_MODALITY)).upper()
    device = _device_clue(modality, sop_class_uid)
    if device:
        yield device
    intent = text_of(header.get(_PRESENTATION_INTENT)).upper()
    if modality in _PLAIN_XRAY_MODALITIES and intent != "FOR PROCESSING":
        yield Clue.PLAIN_XRAY
    description = " ".join(re.split(r"[\W_]+", text_of(header.get(_SERIES_DESCRIPTION)).upper()))
    if any(name in description for name in _PAGE_NAMES):
        yield Clue.PAGE
    yield from _type_clues(text_of(header.get(_IMAGE_TYPE)).upper())
    has_position = _IMAGE_POSITION in header or _FRAME_GROUPS in header
    if modality in _SLICE_MODALITIES and not has_position:
        yield Clue.NO_POSITION


def _device_clue(modality: str, sop_class_uid: str) -> Clue | None:
    arcs = f"{sop_class_uid}."
    if arcs.startswith(_SECONDARY_CAPTURE):
        return Clue.SECONDARY_CAPTURE
    if sop_class_uid == _SLIDE_CLASS:
        return None  # tissue; a label says so itself, or by its Image Type
    if arcs.startswith(_SCREEN_CLASSES):
        return Clue.SCREEN_DEVICE
    if modality in _SLICE_MODALITIES:
        return None
    return Clue.XRAY if modality in _XRAY_MODALITIES else Clue.UNKNOWN_MODALITY


def _type_clues(image_type: str) -> Iterator[Clue]:
    values = [value.strip() for value in image_type.split("\\")]
    if values[0] == "DERIVED":
        yield Clue.DERIVED
    if values[1:2] == ["SECONDARY"]:
        yield Clue.SECONDARY
    if any(word in value for value in values[2:] for word in _SCREEN_WORDS):
        yield Clue.SCREEN_TYPE
    if {"LABEL", "OVERVIEW"} & set(values[2:]):
        yield Clue.LABEL
