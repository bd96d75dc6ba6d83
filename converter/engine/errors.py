"""What can be wrong with a source, as one class that carries a sentence for people."""


def gettext_noop(sentence: str) -> str:
    """Return `sentence` as it is; translators find it by this name, pages translate it."""
    return sentence


class ConversionError(Exception):
    """A source that cannot become DICOM.

    Parameters
    ----------
    message : str
        A plain sentence: what is wrong and what to do. It never quotes content or a file name.
    code : str
        A stable slug for receipts, translations and tests, one of `CODES`.
    """

    CODES = frozenset(
        {
            "attributes",
            "bomb",
            "damaged",
            "empty",
            "geometry",
            "incomplete",
            "is-dicom",
            "not-an-image",
            "truncated",
            "unsupported",
        }
    )

    def __init__(self, message: str, code: str = "damaged") -> None:
        super().__init__(message)
        self.code = code


def truncated() -> ConversionError:
    return ConversionError(
        gettext_noop("The file ends before the image does. Copy it again from where it came from."),
        "truncated",
    )


def damaged() -> ConversionError:
    return ConversionError(
        gettext_noop(
            "The file is damaged and cannot be read. Copy it again from where it came from."
        ),
        "damaged",
    )


def too_large() -> ConversionError:
    return ConversionError(
        gettext_noop(
            "The image would be larger than allowed when unpacked. "
            "Check the file, or ask the administrator to raise the limit."
        ),
        "bomb",
    )
