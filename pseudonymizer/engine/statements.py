"""What a file says of its own pixels: burned-in text, and features that let a person be known."""

from pseudonymizer.engine.burned_in.inspection import Inspected
from pseudonymizer.engine.checks import (
    ENCAPSULATED_DOCUMENT,
    FACE,
    RECOGNIZABLE_VISUAL_FEATURES,
    may_show_face,
)
from pseudonymizer.engine.elements import Dataset, text_element
from pseudonymizer.engine.options import CLEAN_PIXEL_DATA, CLEAN_VISUAL_FEATURES, Option
from pseudonymizer.engine.subject import add_methods, has_method

_BURNED_IN_ANNOTATION = 0x00280301
_BLACKENED = "Text in pixels blacked out"
_DOCUMENT_KEPT = "Encapsulated document kept, a data steward looked at it"
_VIDEO_KEPT = "Video kept, a data steward looked at it"
_DECODED = "Text in pixels blacked out, frames decoded for it"


def is_settled(header: Dataset) -> bool:
    """Tell whether a file that went through this engine before had its pixels cleaned."""
    return has_method(header, CLEAN_PIXEL_DATA)


def state_pixels(output: Dataset, inspected: Inspected) -> None:
    """Write what is known of burned-in text after the look at the pixels (PS3.15 E.3.1).

    NO, and the code of the option, stand only where each frame was looked at or a data steward
    decided; else what the file said before stays.
    """
    options: list[Option] = []
    if inspected.is_settled:
        output[_BURNED_IN_ANNOTATION] = text_element(_BURNED_IN_ANNOTATION, "CS", "NO")
        options.append(CLEAN_PIXEL_DATA)
    pixels = inspected.pixels
    if pixels is not None and pixels.drawn:
        add_methods(output, options, [_DECODED if pixels.is_decoded else _BLACKENED])
    else:
        add_methods(output, options, ())


def state_document(output: Dataset, original: Dataset) -> None:
    """Write that a document is the original one: no code says so (PS3.15 Table E.1-1)."""
    document = original.get(ENCAPSULATED_DOCUMENT)
    if document is not None and output.get(ENCAPSULATED_DOCUMENT) == document:
        add_methods(output, (), [_DOCUMENT_KEPT])


def state_video(output: Dataset) -> None:
    """Write that a video is the original one, which only a data steward lets through."""
    add_methods(output, (), [_VIDEO_KEPT])


def state_features(
    output: Dataset, original: Dataset, sop_class_uid: str, accepted: frozenset[str]
) -> None:
    """Write that nobody can be recognized, where a data steward looked (PS3.15 E.3.2)."""
    if FACE in accepted and may_show_face(original, sop_class_uid):
        tag = RECOGNIZABLE_VISUAL_FEATURES
        output[tag] = text_element(tag, "CS", "NO")
        add_methods(output, [CLEAN_VISUAL_FEATURES], ())
