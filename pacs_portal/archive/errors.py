"""What can go wrong between the portal and its archive."""


class ArchiveError(Exception):
    """Base of the archive's errors; their texts quote neither addresses nor attribute values."""


class ArchiveUnavailableError(ArchiveError):
    """Orthanc did not answer, or not as an archive does; trying again later may help."""


class ArchiveRefusedError(ArchiveError):
    """Orthanc answered that it will not do this; trying again does not help."""


class UnreadableInstanceError(ArchiveError):
    """A file cannot be indexed; `code` is stable, the text is a sentence for its receipt."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
