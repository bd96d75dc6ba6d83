from pathlib import Path

import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from pacs_portal.archive.errors import UnreadableInstanceError
from pacs_portal.archive.headers import is_uid, number_of, read_header, text_of


@pytest.mark.parametrize("uid", ["1", "1.2.840.10008.1.1", "2.25." + "9" * 59])
def test_a_uid_is_numbers_joined_by_dots(uid):
    assert is_uid(uid)


@pytest.mark.parametrize(
    "uid", ["", ".", "1.", ".1", "1..2", "1.a", "1.2\n", "1 2", "1" * 65, "٣.1"]
)
def test_everything_else_is_none(uid):
    assert not is_uid(uid)


def test_an_attribute_is_text_of_limited_length_whatever_it_holds():
    header = Dataset()
    header.PatientName = "Meier^Ida=Meier^Ida"
    header.StudyDescription = ["Head", "Neck"]
    header.PatientID = None
    assert text_of(header, "PatientName") == "Meier^Ida=Meier^Ida"
    assert text_of(header, "StudyDescription") == "Head\\Neck"
    assert text_of(header, "StudyDescription", 4) == "Head"
    assert text_of(header, "PatientID") == text_of(header, "StudyID") == ""


def test_a_number_out_of_range_is_unknown():
    header = Dataset()
    header.SeriesNumber = "12"
    assert number_of(header, "SeriesNumber") == 12
    header.SeriesNumber = "2147483649"
    assert number_of(header, "SeriesNumber") is None
    assert number_of(header, "InstanceNumber") is None


def test_a_damaged_file_that_is_compressed_as_a_whole_is_no_readable_one(tmp_path):
    content = bytearray(Path(get_testdata_file("image_dfl.dcm")).read_bytes())
    content[400:440] = bytes(40 * [0xFF])
    (tmp_path / "1").write_bytes(content)
    with pytest.raises(UnreadableInstanceError) as refusal:
        read_header(tmp_path / "1")
    assert refusal.value.code == "not-dicom"
