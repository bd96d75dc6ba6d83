import gzip
import io
from pathlib import Path, PurePosixPath

import nibabel
import numpy as np
import pydicom.data
import pytest
import tifffile
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


def pyramid(tmp_path: Path, **options: object) -> Path:
    """A TIFF of two pictures, the second half as large."""
    path = tmp_path / "upload"
    settings = {"photometric": "rgb", "metadata": None, **options}
    with tifffile.TiffWriter(path, bigtiff=bool(settings.pop("bigtiff", False))) as writer:
        writer.write(np.zeros((96, 128, 3), np.uint8), **settings)
        writer.write(np.zeros((48, 64, 3), np.uint8), **{**settings, "subfiletype": 1})
    return path


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"tile": (32, 32)}, "slide"),
        ({"tile": (32, 32), "bigtiff": True}, "slide"),
        ({"tile": (32, 32), "byteorder": ">"}, "slide"),
        ({}, "tiff"),
        ({"description": "Aperio Image Library v12|AppMag = 20"}, "slide"),
        ({"description": '<scn xmlns="http://www.leica-microsystems.com/scn/2010">'}, "slide"),
        ({"extratags": [(65420, 4, 1, 1, True)]}, "slide"),
    ],
)
def test_slides_are_told_from_other_tiff_by_their_directories(tmp_path, options, kind):
    order = options.pop("byteorder", None)
    path = pyramid(tmp_path, **options)
    if order:
        with tifffile.TiffFile(path) as file:
            pictures = [page.asarray() for page in file.pages]
        with tifffile.TiffWriter(path, byteorder=order) as writer:
            for level, picture in enumerate(pictures):
                writer.write(picture, tile=(32, 32), photometric="rgb", subfiletype=level)
    assert sniff_file(path) == kind


def test_a_large_picture_is_a_slide_and_a_page_in_tiles_is_none(tmp_path):
    tifffile.imwrite(tmp_path / "large", np.zeros((2, 16_385), np.uint8), metadata=None)
    tifffile.imwrite(tmp_path / "page", np.zeros((64, 64), np.uint8), tile=(32, 32), metadata=None)
    assert sniff_file(tmp_path / "large") == "slide"
    assert sniff_file(tmp_path / "page") == "tiff"


def test_a_tiff_that_is_cut_short_is_no_slide(tmp_path):
    whole = pyramid(tmp_path, tile=(32, 32)).read_bytes()
    for size in range(4, 400, 7):
        (tmp_path / "cut").write_bytes(whole[:size])
        assert sniff_file(tmp_path / "cut") in {"tiff", "slide"}


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("Slidedat.ini", b"[GENERAL]\n", "slide-part"),
        ("Data0012.dat", b"01.02" + bytes(50), "slide-part"),
        ("Index.dat", b"01.02" + bytes(50), "slide-part"),
        ("Data0012.csv", b"01.02" + bytes(50), "unknown"),
        ("a.svslide", b"SQLite format 3\0" + bytes(90), "slide"),
        ("a.sqlite", b"SQLite format 3\0" + bytes(90), "unknown"),
        ("a.mrxs", b"no picture", "slide"),
    ],
)
def test_parts_of_a_slide_are_known_by_their_names(tmp_path, name, content, kind):
    path = tmp_path / "upload"
    path.write_bytes(content)
    assert sniff_file(path, PurePosixPath("slides") / name) == kind
