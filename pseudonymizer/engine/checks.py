"""Which files only a data steward may let through."""

import re
from collections.abc import Iterator

from pseudonymizer.causes import ACCEPTABLE, DOCUMENT, FACE, UNKNOWN_CLASS
from pseudonymizer.engine.dictionary import is_storage_class
from pseudonymizer.engine.elements import Dataset, text_of
from pseudonymizer.engine.errors import HeldBack, PseudonymizationError
from pseudonymizer.engine.errors import gettext_noop as _
from pseudonymizer.engine.identity import MODALITY, SOP_CLASS_UID

RECOGNIZABLE_VISUAL_FEATURES = 0x00280302
_UID = re.compile("[0-9.]{0,64}")  # a file without a class is held
_PHOTOGRAPH_CLASS = "1.2.840.10008.5.1.4.1.1.77.1.4"
ENCAPSULATED_DOCUMENT = 0x00420011
_ENCAPSULATED_CLASSES = "1.2.840.10008.5.1.4.1.1.104."
_VIDEO_CLASSES = frozenset(f"1.2.840.10008.5.1.4.1.1.77.1.{arc}" for arc in ("1.1", "2.1", "4.1"))
_VOICE_CLASSES = frozenset(f"1.2.840.10008.5.1.4.1.1.9.4.{arc}" for arc in ("1", "2"))

# What a data steward lets through and stays as it is, though the rules would replace it.
LET_THROUGH = {UNKNOWN_CLASS: SOP_CLASS_UID, DOCUMENT: ENCAPSULATED_DOCUMENT}


def hold_back(
    dataset: Dataset,
    sop_class_uid: str,
    accepted: frozenset[str] = frozenset(),
    is_video: bool = False,
) -> None:
    """Raise HeldBack for what the engine cannot check by itself and no steward has accepted.

    A class that is no UID is refused: it would be written as it is once its kind is accepted.
    """
    if not _UID.fullmatch(sop_class_uid):
        raise PseudonymizationError(
            "no-uid",
            _("What the file gives for its kind of object is no UID. Export it again."),
        )
    for held in _causes(dataset, sop_class_uid, is_video):
        if held.code not in accepted & ACCEPTABLE:
            raise held


def _causes(dataset: Dataset, sop_class_uid: str, is_video: bool) -> Iterator[HeldBack]:
    if sop_class_uid.startswith(_ENCAPSULATED_CLASSES) or ENCAPSULATED_DOCUMENT in dataset:
        yield HeldBack(
            DOCUMENT,
            _("The file holds a whole document. A data steward has to look at it."),
        )
    if not is_storage_class(sop_class_uid):
        yield HeldBack(
            UNKNOWN_CLASS,
            _("The kind of this object is not known. A data steward has to look at it."),
        )
    if is_video or sop_class_uid in _VIDEO_CLASSES:
        yield HeldBack("video", _("The file holds a video. A data steward has to look at it."))
    if sop_class_uid in _VOICE_CLASSES:
        yield HeldBack("voice", _("The file holds a voice. A data steward has to listen to it."))
    if may_show_face(dataset, sop_class_uid):
        yield HeldBack(
            FACE,
            _("The image may show a face, and nobody said otherwise. A data steward has to look."),
        )


def may_show_face(dataset: Dataset, sop_class_uid: str) -> bool:
    """Tell whether a photograph does not say that nobody can be recognized in it."""
    statement = text_of(dataset.get(RECOGNIZABLE_VISUAL_FEATURES)).upper()
    is_photograph = sop_class_uid == _PHOTOGRAPH_CLASS or text_of(dataset.get(MODALITY)) == "XC"
    return statement == "YES" or (is_photograph and statement != "NO")
