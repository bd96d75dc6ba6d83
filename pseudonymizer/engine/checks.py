"""Which files only a data steward may let through."""

from pseudonymizer.engine.dictionary import is_storage_class
from pseudonymizer.engine.elements import Dataset, text_of
from pseudonymizer.engine.errors import HeldBack
from pseudonymizer.engine.errors import gettext_noop as _

_BURNED_IN_ANNOTATION = 0x00280301
_ENCAPSULATED_DOCUMENT = 0x00420011
_ENCAPSULATED_CLASSES = "1.2.840.10008.5.1.4.1.1.104."
_VIDEO_CLASSES = frozenset(f"1.2.840.10008.5.1.4.1.1.77.1.{arc}" for arc in ("1.1", "2.1", "4.1"))
_VOICE_CLASSES = frozenset(f"1.2.840.10008.5.1.4.1.1.9.4.{arc}" for arc in ("1", "2"))


def hold_back(dataset: Dataset, sop_class_uid: str) -> None:
    """Raise HeldBack for what the engine cannot check by itself."""
    if sop_class_uid.startswith(_ENCAPSULATED_CLASSES) or _ENCAPSULATED_DOCUMENT in dataset:
        raise HeldBack(
            "encapsulated-document",
            _("The file holds a whole document. A data steward has to look at it."),
        )
    if not is_storage_class(sop_class_uid):
        raise HeldBack(
            "unknown-sop-class",
            _("The kind of this object is not known. A data steward has to look at it."),
        )
    if sop_class_uid in _VIDEO_CLASSES:
        raise HeldBack("video", _("The file holds a video. A data steward has to look at it."))
    if sop_class_uid in _VOICE_CLASSES:
        raise HeldBack("voice", _("The file holds a voice. A data steward has to listen to it."))
    if text_of(dataset.get(_BURNED_IN_ANNOTATION)).upper() == "YES":
        raise HeldBack(
            "burned-in",
            _("The file says that text is burned in. A data steward has to look at it."),
        )
