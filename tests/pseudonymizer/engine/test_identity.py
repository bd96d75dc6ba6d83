from pathlib import Path

import pytest
from pydicom.data import get_charset_files
from pydicom.dataset import Dataset

from pseudonymizer.engine import PseudonymizationError, read_header


def local_file(name: str) -> Path:
    (path,) = get_charset_files(name)
    return Path(path)


def test_a_header_says_whose_and_what_a_file_is(ct: Dataset, write_file):
    ct.PatientID, ct.IssuerOfPatientID = "4711 ", "Clinic"
    ct.PatientName, ct.PatientBirthDate, ct.PatientSex = "Doe^Jane", "19560213", "F"
    header = read_header(write_file(ct))
    assert header.identity.patient_id == "4711"
    assert header.identity.issuer == "Clinic"
    assert header.identity.name == "Doe^Jane"
    assert header.identity.birth_date == "19560213"
    assert header.identity.sex == "F"
    assert header.identity.study_instance_uid == "1.3.6.1.4.1.5962.1.2"
    assert header.sop_class_uid == "1.2.840.10008.5.1.4.1.1.2"
    assert header.sop_instance_uid == "1.3.6.1.4.1.5962.1.1"
    assert header.study_instance_uid == "1.3.6.1.4.1.5962.1.2"
    assert header.series_instance_uid == "1.3.6.1.4.1.5962.1.3"
    assert header.modality == "CT"


def test_a_file_without_a_patient_has_an_empty_identity(ct: Dataset, write_file):
    identity = read_header(write_file(ct)).identity
    assert (identity.patient_id, identity.name, identity.birth_date) == ("", "", "")


def test_neither_repr_shows_a_value(ct: Dataset, write_file):
    ct.PatientID, ct.PatientName = "4711", "Doe^Jane"
    shown = repr(read_header(write_file(ct)))
    assert "4711" not in shown
    assert "Doe" not in shown
    assert "5962" not in shown


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("chrFren.dcm", "Buc^Jérôme"),
        ("chrGerm.dcm", "Äneas^Rüdiger"),
        ("chrRuss.dcm", "Люкceмбypг"),
        ("chrGreek.dcm", "Διονυσιος"),
        ("chrH31.dcm", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("chrH32.dcm", "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"),
        ("chrI2.dcm", "Hong^Gildong=洪^吉洞=홍^길동"),
        ("chrX1.dcm", "Wang^XiaoDong=王^小東="),
        ("chrX2.dcm", "Wang^XiaoDong=王^小东="),
    ],
)
def test_names_are_decoded_as_ps3_5_annexes_h_to_j_show(name: str, expected: str):
    assert read_header(local_file(name)).identity.name == expected


def test_an_unknown_character_set_still_gives_the_same_text_each_time(ct: Dataset, write_file):
    ct.add_new(0x00080005, "CS", "ISO_IR 999")
    ct.add_new(0x00100010, "UN", "Müller".encode("latin-1"))
    assert read_header(write_file(ct)).identity.name == "Müller"


@pytest.mark.parametrize(
    ("keyword", "code"),
    [
        ("SOPInstanceUID", "no-sop-instance-uid"),
        ("StudyInstanceUID", "no-study-instance-uid"),
        ("SeriesInstanceUID", "no-series-instance-uid"),
    ],
)
def test_a_file_without_its_uids_is_refused(keyword: str, code: str, ct: Dataset, write_file):
    delattr(ct, keyword)
    with pytest.raises(PseudonymizationError) as caught:
        read_header(write_file(ct))
    assert caught.value.code == code


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID"])
def test_two_uids_in_place_of_one_are_refused(keyword: str, ct: Dataset, write_file):
    setattr(ct, keyword, ["1.2.3.4", "1.2.3.5"])
    with pytest.raises(PseudonymizationError, match="no single"):
        read_header(write_file(ct))
