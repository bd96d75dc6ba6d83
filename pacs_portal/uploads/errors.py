"""What can go wrong while files come in; no text quotes a path or a file's content."""

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _


class UploadError(Exception):
    """An upload operation that cannot be done: a code for programs, a sentence for people.

    The sentence is marked for translation by who raises; `values` fill its %(name)s places.
    """

    def __init__(self, code: str, sentence: str, **values: int) -> None:
        super().__init__(sentence % values)
        self.code = code
        self._sentence = sentence
        self._values = values

    @property
    def sentence(self) -> str:
        """The sentence in English, as receipts and reports keep it."""
        return self._sentence % self._values

    @property
    def translated_sentence(self) -> str:
        """The sentence in the language of who reads it now."""
        return gettext(self._sentence) % self._values


class ManifestError(UploadError):
    """The list of announced files cannot be taken as it is."""


class CompanionError(UploadError):
    """A file cannot be kept with the project."""


class WrongSizeError(UploadError):
    """A file arrived with another number of bytes than announced."""

    def __init__(self, expected: int) -> None:
        super().__init__(
            "wrong-size",
            _(
                "The file did not arrive with the %(expected)s bytes announced; nothing was kept. "
                "Send it again."
            ),
            expected=expected,
        )


class StorageFullError(UploadError):
    """Keeping the file would leave the disk too full."""

    def __init__(self) -> None:
        super().__init__(
            "storage-full",
            _("The server's disk is almost full; ask the administrator for room, then try again."),
        )


class UploadClosedError(UploadError):
    """The upload is complete or was discarded and takes nothing more."""

    def __init__(self) -> None:
        super().__init__(
            "upload-closed", _("This upload takes no more files; start a new upload for them.")
        )


class UploadBusyError(UploadError):
    """A zip of the upload is being unpacked at this moment."""

    def __init__(self) -> None:
        super().__init__(
            "upload-busy", _("A zip of this upload is being unpacked; try again in a moment.")
        )


class UploadIncompleteError(UploadError):
    """Some announced files have not arrived."""

    def __init__(self, missing: int) -> None:
        super().__init__(
            "upload-incomplete",
            _("%(missing)s files have not arrived yet; send them, then try again."),
            missing=missing,
        )


class UnpackError(UploadError):
    """A zip that is not unpacked."""
