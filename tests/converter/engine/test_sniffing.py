import gzip
import zlib
from pathlib import Path

import pytest
from nibabel.testing import data_path
from pydicom.data import get_testdata_file

from converter.engine import CONVERTIBLE, sniff

NIFTI_HEAD = (348).to_bytes(4, "little") + bytes(340) + b"n+1\0"
ANALYZE_HEAD = (Path(data_path) / "analyze.hdr").read_bytes()
BMP_HEAD = b"BM" + bytes(12) + (40).to_bytes(4, "little") + bytes(100)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xff\xd8\xff\xe0" + bytes(100), "jpeg"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "png"),
        (BMP_HEAD, "bmp"),
        (NIFTI_HEAD, "nifti"),
        ((540).to_bytes(4, "little") + b"n+2\0\r\n\x1a\n", "nifti"),
        (NIFTI_HEAD.replace(b"n+1", b"ni1"), "nifti-pair"),
        (gzip.compress(NIFTI_HEAD.replace(b"n+1", b"ni1") + bytes(1000)), "nifti-pair"),
        (ANALYZE_HEAD, "analyze"),
        (gzip.compress(NIFTI_HEAD + bytes(1000)), "nifti-gz"),
        (gzip.compress(NIFTI_HEAD + bytes(10**6))[:600], "nifti-gz"),
        (bytes(128) + b"DICM", "dicom"),
        (b"\x08\0\x05\0CS\x0a\0ISO_IR 100", "dicom"),
        (b"GIF89a" + bytes(50), "gif"),
        (b"II*\0" + bytes(50), "tiff"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "webp"),
        (b"SQLite format 3\0" + bytes(50), "slide"),
    ],
)
def test_a_kind_is_told_by_content(head, kind):
    assert sniff(head) == kind


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"B",
        b"BM, says the letter, is a fine abbreviation",
        b"Patient;Birth date\n",
        b"%PDF-1.7",
        b"PK\3\4",
        gzip.compress(b"a log file"),
        b"\x1f\x8b broken",
        zlib.compress(NIFTI_HEAD),
    ],
)
def test_what_is_no_image_has_no_kind(head):
    assert sniff(head) is None


def test_a_bomb_is_not_unpacked_for_its_name():
    assert sniff(gzip.compress(bytes(50_000_000))[:1024]) is None


def test_real_dicom_is_told_with_and_without_preamble():
    for name in ("CT_small.dcm", "ExplVR_LitEndNoMeta.dcm"):
        with open(get_testdata_file(name), "rb") as stream:  # noqa: PTH123 pydicom gives text
            assert sniff(stream.read(1024)) == "dicom"


def test_only_what_can_be_converted_is_called_convertible():
    nifti = {"nifti", "nifti-gz", "nifti-pair"}
    assert {"jpeg", "png", "bmp", "gif", "webp", "tiff", "slide"} | nifti == CONVERTIBLE
