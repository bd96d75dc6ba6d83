import gzip
import io
from pathlib import Path, PurePosixPath

import nibabel
import numpy as np
import pydicom.data
import pytest
from PIL import Image

from pacs_portal.uploads.sniffing import HEAD_BYTES, sniff_file, sniff_head
from tests.pacs_portal.uploads.conftest import make_zip

NIBABEL_TESTS = Path(nibabel.__file__).parent / "tests" / "data"


def picture(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (5, 3)).save(buffer, kind)
    return buffer.getvalue()


def volume(header: type, order: str = "<") -> bytes:
    image = header(np.zeros((2, 3, 4), np.int16), np.eye(4))
    image.header.endianness_check = None
    swapped = header(
        np.zeros((2, 3, 4), np.int16), np.eye(4), header=image.header.as_byteswapped(order)
    )
    return swapped.to_bytes()


@pytest.mark.parametrize("kind", ["jpeg", "png", "bmp", "gif", "webp", "tiff"])
def test_pictures_are_known_by_their_content(kind):
    assert sniff_head(picture(kind.upper())) == kind


@pytest.mark.parametrize(
    "name",
    [
        "CT_small.dcm",
        "MR_small.dcm",
        "MR_small_bigendian.dcm",
        "JPEG2000.dcm",
        "image_dfl.dcm",
        "ExplVR_LitEndNoMeta.dcm",
        "ExplVR_BigEndNoMeta.dcm",
        "rtplan.dcm",
        "meta_missing_tsyntax.dcm",
        "nested_priv_SQ.dcm",
    ],
)
def test_dicom_is_known_with_and_without_preamble(name):
    assert sniff_file(Path(pydicom.data.get_testdata_file(name))) == "dicom"


def test_a_media_directory_is_told_from_images():
    assert sniff_file(Path(pydicom.data.get_testdata_file("DICOMDIR"))) == "dicomdir"


@pytest.mark.parametrize("header", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("order", ["<", ">"])
def test_nifti_is_known_in_both_versions_and_byte_orders(header, order):
    assert sniff_head(volume(header, order)[:HEAD_BYTES]) == "nifti"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("example_nifti2.nii.gz", "nifti-gz"),
        ("example4d.nii.gz", "nifti-gz"),
        ("anatomical.nii", "nifti"),
        ("functional.nii", "nifti"),
        ("nifti1.hdr", "nifti-pair"),
        ("analyze.hdr", "analyze"),
        ("tiny.mnc", "unknown"),
        ("phantom_EPI_asc_CLEAR_2_1.PAR", "unknown"),
    ],
)
def test_nibabels_own_files_are_told_apart(name, kind):
    assert sniff_file(NIBABEL_TESTS / name) == kind


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "empty"),
        (b"%PDF-1.7\n", "pdf"),
        (make_zip(("a", b"1")), "zip"),
        (make_zip(), "zip"),
        (make_zip(("[Content_Types].xml", b"<Types/>")), "unknown"),  # an office document
        (make_zip(("mimetype", b"application/epub+zip")), "unknown"),
        (gzip.compress(b"no volume" * 99), "gzip"),
        (b"\x1f\x8b" + b"noise" * 99, "gzip"),
        (b"BM is how this text starts, which is no bitmap", "unknown"),
        (b"RIFF\0\0\0\0WAVEfmt ", "unknown"),
        (b"\x08\0\x05\0 and so on, plain words", "unknown"),
        (bytes(4096), "unknown"),
        (b"hello", "unknown"),
        ("Größe;Gewicht\n".encode(), "unknown"),
    ],
)
def test_everything_else_is_judged_by_its_content(content, kind):
    assert sniff_head(content[:HEAD_BYTES]) == kind


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("a/.DS_Store", "system"),
        ("a/Thumbs.db", "system"),
        ("desktop.ini", "system"),
        ("a/._image.png", "system"),
        ("__MACOSX/a/image.png", "system"),
        ("a/image.png", "png"),
        ("a/image.dcm", "png"),
        ("Thumbs.db/image.png", "png"),
    ],
)
def test_only_the_litter_of_systems_is_known_by_name(tmp_path, path, kind):
    file = tmp_path / "1"
    file.write_bytes(picture("PNG"))
    assert sniff_file(file, PurePosixPath(path)) == kind
