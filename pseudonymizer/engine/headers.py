"""Read whose files these are, many files one after the other."""

from contextlib import suppress
from pathlib import Path

from pseudonymizer.engine.errors import PseudonymizationError
from pseudonymizer.engine.identity import (
    FIRST_BYTES,
    SERIES_INSTANCE_UID,
    Header,
    header_of,
    read_header,
)
from pseudonymizer.engine.part10 import read_part10
from pseudonymizer.engine.series import Series


class HeaderReader:
    """Reads headers as `read_header` does, and sooner where files of a series come in a row."""

    def __init__(self) -> None:
        self._series = Series(SERIES_INSTANCE_UID)
        self._series_instance_uid = ""

    def read(self, path: Path) -> Header:
        """Return the header of a file; raises what `read_header` raises."""
        header = self._read_beside_the_last(path) or read_header(path)
        if header.series_instance_uid != self._series_instance_uid:
            self._series = Series(SERIES_INSTANCE_UID)
            self._series_instance_uid = header.series_instance_uid
        return header

    def _read_beside_the_last(self, path: Path) -> Header | None:
        """Return None where the file's beginning does not hold all of its header."""
        with path.open("rb", buffering=0) as file:
            first = file.read(FIRST_BYTES)
        with suppress(PseudonymizationError):  # what is wrong, only the whole file can say
            part10 = read_part10(first)
            if not part10.is_deflated:
                read = self._series.read(part10.buffer, part10.start, part10.encoding)
                if read.position < len(first):
                    return header_of(read.dataset)
        return None
