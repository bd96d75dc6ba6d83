import hashlib
import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file, get_testdata_files
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from pseudonymizer.engine import (
    Context,
    PseudonymizationError,
    map_uid,
    pseudonymize_file,
)

TRANSFER_SYNTAXES = {
    "CT_small.dcm": "1.2.840.10008.1.2.1",  # explicit little endian
    "MR_small_implicit.dcm": "1.2.840.10008.1.2",
    "MR_small_bigendian.dcm": "1.2.840.10008.1.2.2",
    "SC_rgb_jpeg_dcmtk.dcm": "1.2.840.10008.1.2.4.50",
    "JPGExtended.dcm": "1.2.840.10008.1.2.4.51",
    "JPEG-LL.dcm": "1.2.840.10008.1.2.4.70",
    "MR_small_jpeg_ls_lossless.dcm": "1.2.840.10008.1.2.4.80",
    "MR_small_jp2klossless.dcm": "1.2.840.10008.1.2.4.90",
    "JPEG2000.dcm": "1.2.840.10008.1.2.4.91",
    "MR_small_RLE.dcm": "1.2.840.10008.1.2.5",
    "color3d_jpeg_baseline.dcm": "1.2.840.10008.1.2.4.50",
}
UNCHANGED = {
    *("CT_small.dcm", "MR_small_implicit.dcm", "MR_small_bigendian.dcm"),
    "MR_small_RLE.dcm",
}


def local_file(name: str) -> Path:
    path = get_testdata_file(name, download=False)
    assert path is not None, name
    return Path(path)


@pytest.mark.parametrize("name", TRANSFER_SYNTAXES)
def test_pixel_data_and_transfer_syntax_stay(name: str, target: Path, seen: Context):
    source = pydicom.dcmread(local_file(name))
    assert source.file_meta.TransferSyntaxUID == TRANSFER_SYNTAXES[name]
    output = pydicom.dcmread(pseudonymize_file(local_file(name), target, seen).path)
    assert output.file_meta.TransferSyntaxUID == TRANSFER_SYNTAXES[name]
    if name in UNCHANGED:  # tests/…/test_frames.py decodes the others
        assert output.PixelData == source.PixelData
    assert (output.Rows, output.Columns) == (source.Rows, source.Columns)


def test_the_subject_takes_the_patients_place(
    ct: Dataset, write_file, target: Path, context: Context
):
    ct.PatientName, ct.PatientID, ct.AccessionNumber, ct.StudyID = "Doe^Jane", "4711", "A1", "S1"
    ct.ClinicalTrialProtocolID, ct.ClinicalTrialSubjectID = "OTHER", "99"
    output = pydicom.dcmread(pseudonymize_file(write_file(ct), target, context).path)
    assert output.PatientID == output.PatientName == "CT-7QF3K0ZB5"
    assert output.ClinicalTrialSubjectID == "CT-7QF3K0ZB5"
    assert output.ClinicalTrialProtocolID == "ct"
    assert output.AccessionNumber == output.StudyID == ""


def test_the_output_says_how_it_was_de_identified(
    ct: Dataset, write_file, target: Path, context: Context
):
    output = pydicom.dcmread(pseudonymize_file(write_file(ct), target, context).path)
    assert output.PatientIdentityRemoved == "YES"
    codes = output.DeidentificationMethodCodeSequence
    assert [code.CodeValue for code in codes] == ["113100", "113107", "113105"]
    assert {code.CodingSchemeDesignator for code in codes} == {"DCM"}
    assert any(context.profile.version in text for text in output.DeidentificationMethod)


def test_preamble_and_file_meta_are_fresh(ct: Dataset, write_file, target: Path, context: Context):
    content = bytearray(write_file(ct).read_bytes())
    content[:6] = b"MZ-PE!"
    source = target.parent / "with-preamble"
    source.write_bytes(content)
    result = pseudonymize_file(source, target, context)
    assert result.path.read_bytes()[:132] == b"\0" * 128 + b"DICM"
    output = pydicom.dcmread(result.path)
    assert output.file_meta.MediaStorageSOPInstanceUID == output.SOPInstanceUID
    assert output.file_meta.MediaStorageSOPClassUID == output.SOPClassUID
    assert output.file_meta.ImplementationClassUID.startswith("2.25.")
    assert sorted(element.keyword for element in output.file_meta) == [
        "FileMetaInformationGroupLength",
        "FileMetaInformationVersion",
        "ImplementationClassUID",
        "ImplementationVersionName",
        "MediaStorageSOPClassUID",
        "MediaStorageSOPInstanceUID",
        "TransferSyntaxUID",
    ]


def test_the_result_describes_the_file(ct: Dataset, write_file, target: Path, context: Context):
    result = pseudonymize_file(write_file(ct), target, context)
    content = result.path.read_bytes()
    assert result.path == target / f"{result.sop_instance_uid}.dcm"
    assert result.sha256 == hashlib.sha256(content).hexdigest()
    assert result.size_bytes == len(content)
    output = pydicom.dcmread(result.path)
    assert result.sop_class_uid == output.SOPClassUID == "1.2.840.10008.5.1.4.1.1.2"
    assert result.sop_instance_uid == output.SOPInstanceUID
    assert result.study_instance_uid == output.StudyInstanceUID
    assert result.series_instance_uid == output.SeriesInstanceUID
    assert [path.name for path in target.iterdir()] == [result.path.name]


@pytest.mark.parametrize("name", TRANSFER_SYNTAXES)
def test_equal_inputs_give_equal_bytes(name: str, target: Path, seen: Context):
    first = pseudonymize_file(local_file(name), target, seen)
    second = pseudonymize_file(local_file(name), target, seen)
    assert first == second


def test_references_between_two_files_hold(ct: Dataset, write_file, target: Path, context: Context):
    first = pseudonymize_file(write_file(ct), target, context)
    item = Dataset()
    item.ReferencedSOPClassUID = ct.SOPClassUID
    item.ReferencedSOPInstanceUID = ct.SOPInstanceUID
    series = Dataset()
    series.SeriesInstanceUID = ct.SeriesInstanceUID
    series.ReferencedInstanceSequence = [item]
    ct.ReferencedSeriesSequence = [series]
    ct.SOPInstanceUID = "1.3.6.1.4.1.5962.1.4"
    second = pydicom.dcmread(pseudonymize_file(write_file(ct), target, context).path)
    assert second.SOPInstanceUID != first.sop_instance_uid
    assert second.StudyInstanceUID == first.study_instance_uid
    reference = second.ReferencedSeriesSequence[0]
    assert reference.SeriesInstanceUID == first.series_instance_uid
    instance = reference.ReferencedInstanceSequence[0]
    assert instance.ReferencedSOPInstanceUID == first.sop_instance_uid
    assert instance.ReferencedSOPClassUID == "1.2.840.10008.5.1.4.1.1.2"


def test_another_key_gives_other_uids(ct: Dataset, write_file, target: Path, context: Context):
    other = replace(context, uid_key=b"another key of another test project")
    first = pseudonymize_file(write_file(ct), target, context)
    second = pseudonymize_file(write_file(ct), target, other)
    assert first.sop_instance_uid != second.sop_instance_uid
    assert first.study_instance_uid != second.study_instance_uid


def test_every_uid_outside_the_dicom_root_is_mapped(
    ct: Dataset, write_file, target: Path, context: Context
):
    ct.add_new(0x0018FFF4, "UI", "1.3.6.1.4.1.5962.9")  # in no dictionary
    ct.add_new(0x00041512, "UI", "1.3.6.1.4.1.5962.9")  # of group 0004, which goes
    ct.MappingResourceUID = "1.2.840.10008.8.1.1"
    ct.ContextUID = "1.2.840.10008.6.1.2"
    ct.FailedSOPInstanceUIDList = ["1.3.6.1.4.1.5962.9", "1.3.6.1.4.1.5962.10"]
    output = pydicom.dcmread(pseudonymize_file(write_file(ct), target, context).path)
    mapped = map_uid("1.3.6.1.4.1.5962.9", context.uid_key)
    assert output[0x0018FFF4].value == mapped
    assert output.FailedSOPInstanceUIDList[0] == mapped
    assert output.MappingResourceUID == "1.2.840.10008.8.1.1"
    assert output.ContextUID == "1.2.840.10008.6.1.2"
    assert 0x00041512 not in output


def test_needed_values_stay(ct: Dataset, write_file, target: Path, context: Context):
    ct.PatientSex, ct.PatientAge, ct.PatientSize, ct.PatientWeight = "F", "064Y", "1.71", "64.5"
    ct.KVP, ct.ConvolutionKernel, ct.Manufacturer = "120", "B30f", "Maker"
    ct.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ct.PixelSpacing, ct.ImageOrientationPatient = [0.5, 0.75], [1, 0, 0, 0, 1, 0]
    output = pydicom.dcmread(pseudonymize_file(write_file(ct), target, context).path)
    for keyword in (
        *("PatientSex", "PatientAge", "PatientSize", "PatientWeight", "KVP", "ConvolutionKernel"),
        *("Manufacturer", "ImageType", "PixelSpacing", "ImageOrientationPatient", "Rows"),
    ):
        assert output[keyword].value == ct[keyword].value, keyword


def test_nothing_follows_the_pixel_data(ct: Dataset, write_file, target: Path, context: Context):
    source = write_file(ct, tail=b"Mueller^Hans, 1956")
    output = pseudonymize_file(source, target, context).path.read_bytes()
    assert output.endswith(bytes(range(12)))


def test_zeros_behind_a_report_are_dropped(ct: Dataset, write_file, target: Path, context: Context):
    del ct[0x7FE00010]
    plain = pseudonymize_file(write_file(ct), target, context)
    assert pseudonymize_file(write_file(ct, tail=bytes(2048)), target, context) == plain


def test_a_file_that_declares_the_wrong_encoding_is_written_in_the_declared_one(
    ct: Dataset, write_file, target: Path, context: Context
):
    explicit = write_file(ct).read_bytes()
    source = target.parent / "wrong"
    source.write_bytes(explicit.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2\0\0\0", 1))
    output = pydicom.dcmread(pseudonymize_file(source, target, context).path)
    assert output.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2"
    assert output.Rows == 2
    assert output.PixelData == bytes(range(12))


@pytest.mark.parametrize("length", [0x4144, 0x5344])  # "DA" and "DS" in place of a VR
def test_lengths_that_look_like_a_vr_do_not_mislead(
    length: int, ct: Dataset, write_file, target: Path, context: Context
):
    ct[0x7FE00010].value = bytes(length)
    item = Dataset()
    item.add_new(0x00080070, "LO", "a" * length)
    item.add_new(0x00186060, "FL", 1.5)
    ct.ReferencedSeriesSequence = [item]
    source = write_file(ct, is_explicit=False)
    output = pseudonymize_file(source, target, context).path.read_bytes()
    assert output.endswith(bytes(length))
    assert b"a" * length + b"\x18\x00\x60\x60\x04\x00\x00\x00\x00\x00\xc0\x3f" in output


def test_a_deflated_file_comes_out_uncompressed_with_the_same_pixels(target: Path, seen: Context):
    source = pydicom.dcmread(local_file("image_dfl.dcm"))
    output = pydicom.dcmread(pseudonymize_file(local_file("image_dfl.dcm"), target, seen).path)
    assert source.file_meta.TransferSyntaxUID == DeflatedExplicitVRLittleEndian
    assert output.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert output.PixelData == source.PixelData
    assert (output.Rows, output.Columns) == (source.Rows, source.Columns)


def test_the_original_is_not_touched(target: Path, context: Context, tmp_path: Path):
    source = tmp_path / "source.dcm"
    shutil.copy(local_file("CT_small.dcm"), source)
    before = source.read_bytes()
    pseudonymize_file(source, target, context)
    assert source.read_bytes() == before


def test_an_error_travels_between_processes():
    error = pickle.loads(pickle.dumps(PseudonymizationError("empty", "The file is empty.")))  # noqa: S301
    assert (error.code, str(error)) == ("empty", "The file is empty.")


def test_secrets_are_not_shown(context: Context):
    shown = repr(context)
    assert "a key of this test project" not in shown
    assert "-400" not in shown


def test_the_real_files_are_here():
    assert len(get_testdata_files("**/*")) > 200
