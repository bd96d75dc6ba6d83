"""Many headers in a row are read as each is by itself."""

from pathlib import Path

import pytest
from pydicom.data import get_testdata_files
from pydicom.dataset import Dataset

from pseudonymizer.engine import HeaderReader, PseudonymizationError, read_header


def told(read, path: Path) -> object:
    """Return the header, or the code of what is wrong with the file."""
    try:
        return read(path)
    except PseudonymizationError as error:
        return error.code


def test_slices_of_series_after_series(ct: Dataset, write_file):
    paths = []
    for number in range(12):
        series, ct.InstanceNumber = divmod(number, 4)
        ct.SeriesInstanceUID = f"1.3.6.1.4.1.5962.9.{series}"
        ct.SOPInstanceUID = f"1.3.6.1.4.1.5962.8.{number}"
        ct.PatientName = f"Patient^{series}"
        ct.PatientComments = "x" * (number * 3000)  # the later ones go beyond what is read first
        paths.append(write_file(ct))
    reader = HeaderReader()
    headers = [reader.read(path) for path in paths]
    assert headers == [read_header(path) for path in paths]
    assert [header.identity.name for header in headers] == [
        f"Patient^{number // 4}" for number in range(12)
    ]


@pytest.mark.parametrize("direction", [1, -1])
def test_every_file_of_pydicom_whatever_came_before(direction: int):
    paths = [path for path in map(Path, get_testdata_files()) if path.is_file()][::direction]
    reader = HeaderReader()
    found = {path: told(reader.read, path) for path in paths for _ in range(2)}
    assert found == {path: told(read_header, path) for path in paths}
    assert len(found) > 100


def test_elements_in_whatever_order(ct: Dataset, write_file):
    paths = [write_file(ct) for _ in range(3)]
    for path in paths:
        content = path.read_bytes()
        start = content.index(b"\x20\x00\x0e\x00UI")
        end = start + 8 + int.from_bytes(content[start + 6 : start + 8], "little")
        pixels = content.index(b"\xe0\x7f\x10\x00")
        path.write_bytes(
            content[:start] + content[end:pixels] + content[start:end] + content[pixels:]
        )
    reader = HeaderReader()
    for path in paths:
        assert reader.read(path) == read_header(path)
        assert read_header(path).series_instance_uid == ct.SeriesInstanceUID
