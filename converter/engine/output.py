"""Write the instances of one source: all of them, or none."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydicom import dcmwrite
from pydicom.dataset import Dataset

from converter.engine.options import Converted


class Outbox:
    """Holds the files of one source as `.part` until the last one is written."""

    def __init__(self, target_dir: Path) -> None:
        self.target_dir = target_dir
        self._waiting: list[tuple[Path, Converted]] = []

    def write(self, dataset: Dataset) -> None:
        uid = str(dataset.SOPInstanceUID)
        part = self.target_dir / f"{uid}.part"
        converted = Converted(self.target_dir / f"{uid}.dcm", str(dataset.SOPClassUID), uid)
        self._waiting.append((part, converted))
        with part.open("wb") as stream:
            dcmwrite(stream, dataset, enforce_file_format=True)

    def deliver(self) -> list[Converted]:
        """Give every file its final name; when one cannot have it, none keeps it."""
        delivered = [converted for _, converted in self._waiting]
        try:
            for part, converted in self._waiting:
                part.replace(converted.path)
        except OSError:
            for converted in delivered:
                converted.path.unlink(missing_ok=True)
            raise
        return delivered

    def discard(self) -> None:
        """Remove what has no final name yet."""
        for part, _ in self._waiting:
            part.unlink(missing_ok=True)


@contextmanager
def outbox(target_dir: Path) -> Iterator[Outbox]:
    """Open an outbox that leaves no `.part` file behind, whatever happens."""
    box = Outbox(target_dir)
    try:
        yield box
    finally:
        box.discard()
