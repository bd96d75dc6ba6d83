"""What can go wrong while files come in; no text quotes a path or a file's content."""


class UploadError(Exception):
    """An upload operation that cannot be done: a code for programs, a sentence for people."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class ManifestError(UploadError):
    """The list of announced files cannot be taken as it is."""


class WrongSizeError(UploadError):
    """A file arrived with another number of bytes than announced."""

    def __init__(self, expected: int, found: str) -> None:
        super().__init__(
            "wrong-size",
            f"Expected {expected} bytes, received {found}; nothing was kept, send the file again.",
        )


class StorageFullError(UploadError):
    """Keeping the file would leave the disk too full."""

    def __init__(self) -> None:
        super().__init__(
            "storage-full",
            "The server's disk is almost full; ask the administrator for room, then try again.",
        )


class UploadClosedError(UploadError):
    """The upload is complete or was discarded and takes nothing more."""

    def __init__(self) -> None:
        super().__init__(
            "upload-closed", "This upload takes no more files; start a new upload for them."
        )


class UploadIncompleteError(UploadError):
    """Some announced files have not arrived."""

    def __init__(self, missing: int) -> None:
        super().__init__(
            "upload-incomplete", f"{missing} files have not arrived yet; send them, then try again."
        )


class UnpackError(UploadError):
    """A zip that is not unpacked."""
