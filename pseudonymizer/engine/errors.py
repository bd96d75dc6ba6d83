"""What can be wrong with one file; no message ever quotes an attribute value."""


def gettext_noop(sentence: str) -> str:
    """Return `sentence` as it is; translators find it by this name, pages translate it."""
    return sentence


class PseudonymizationError(Exception):
    """A file that cannot be pseudonymized; `code` is for programs, str() for people."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        """Let worker processes hand the error to their parent."""
        return type(self), (self.code, str(self))


class HeldBack(PseudonymizationError):  # noqa: N818  (a decision, not a fault)
    """A file that only a data steward may let through."""


def damaged(sentence: str) -> PseudonymizationError:
    """Return the error for a file whose structure contradicts itself, as the sentence says."""
    return PseudonymizationError("damaged", sentence)


def truncated() -> PseudonymizationError:
    """Return the error for a file that ends too early."""
    return PseudonymizationError(
        "truncated",
        gettext_noop("The file ends in the middle of its content. Copy it again from its source."),
    )
