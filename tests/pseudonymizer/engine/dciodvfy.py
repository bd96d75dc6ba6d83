"""What David Clunie's dciodvfy says of a file."""

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

import pydicom
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian


def errors_of(path: Path) -> Counter[str]:
    """Return dciodvfy's errors, whatever UIDs they quote."""
    with _readable(path) as readable:
        errors = [line for line in _text(readable).splitlines() if line.startswith("Error")]
    return Counter(re.sub(r"UID <?[\d.]+", "UID", line) for line in errors)


def misplaced_in(path: Path) -> set[int]:
    """Return the attributes at top level that dciodvfy does not find in the file's IOD."""
    found = re.findall(r"not present in standard DICOM IOD - \(0x(\w+),0x(\w+)\)", _text(path))
    return {int(group + number, 16) for group, number in found}


@contextmanager
def _readable(path: Path) -> Iterator[Path]:
    """Yield the file or, of a deflated one, which dciodvfy does not read, an unpacked copy."""
    dataset = pydicom.dcmread(path, force=True)
    if dataset.file_meta.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
        yield path
        return
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    with NamedTemporaryFile(suffix=".dcm") as unpacked:
        dataset.save_as(unpacked.name)
        yield Path(unpacked.name)


def _text(path: Path) -> str:
    done = subprocess.run(["/usr/bin/dciodvfy", str(path)], capture_output=True, check=False)
    told = (done.stdout + done.stderr).decode("latin-1")
    assert told
    return told
