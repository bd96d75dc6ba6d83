"""What can be wrong with a source, as one class that carries a sentence for people."""


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
        "The file ends before the image does. Copy it again from where it came from.", "truncated"
    )


def damaged() -> ConversionError:
    return ConversionError(
        "The file is damaged and cannot be read. Copy it again from where it came from.", "damaged"
    )


def too_large() -> ConversionError:
    return ConversionError(
        "The image would be larger than allowed when unpacked. "
        "Check the file, or ask the administrator to raise the limit.",
        "bomb",
    )
