"""Whole slides: levels, tiles and colors, held against OpenSlide's own reading."""

import io
from pathlib import Path

import numpy as np
import openslide
import pydicom
import pytest
import tifffile
from PIL import Image
from pydicom.encaps import generate_frames
from raster_samples import segments
from series_samples import GIVEN
from slide_samples import SPACING_MM, write_svs

SLIDE_CLASS = "1.2.840.10008.5.1.4.1.1.77.1.6"


@pytest.fixture
def svs(tmp_path: Path) -> Path:
    path = tmp_path / "PLANTEDname.svs"
    write_svs(path)
    return path


def region(path: Path) -> np.ndarray:
    """Return the finest level of a slide as OpenSlide reads it."""
    with openslide.OpenSlide(path) as slide:
        return np.asarray(slide.read_region((0, 0), 0, slide.dimensions).convert("RGB"))


def source_tiles(path: Path, page: int) -> list[bytes]:
    with tifffile.TiffFile(path) as file:
        found = file.pages[page]
        places = zip(found.dataoffsets, found.databytecounts, strict=True)
        return [file.filehandle.read(n) for at, n in places if file.filehandle.seek(at) >= 0]


def scans(stream: bytes) -> bytes:
    return b"".join(body for marker, body in segments(stream) if marker == 0)


def test_every_level_is_an_instance_and_missing_ones_are_made(convert, svs):
    levels = convert(svs)
    assert [(d.TotalPixelMatrixColumns, d.TotalPixelMatrixRows) for d in levels] == [
        (1300, 900),
        (325, 225),
        (82, 57),
    ]
    assert [d.InstanceNumber for d in levels] == [1, 2, 3]
    assert {d.SOPClassUID for d in levels} == {SLIDE_CLASS}
    assert len({d.FrameOfReferenceUID for d in levels}) == 1
    assert {d.DimensionOrganizationType for d in levels} == {"TILED_FULL"}
    assert list(levels[0].ImageType) == ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    assert list(levels[2].ImageType) == ["DERIVED", "PRIMARY", "VOLUME", "RESAMPLED"]


def test_spacing_and_objective_are_those_of_the_description(convert, svs):
    finest, second, _made = convert(svs)
    measures = finest.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    assert [float(mm) for mm in measures.PixelSpacing] == [SPACING_MM, SPACING_MM]
    coarser = second.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    assert [float(mm) for mm in coarser.PixelSpacing] == pytest.approx([4 * SPACING_MM] * 2)
    assert finest.ImagedVolumeWidth == pytest.approx(1300 * SPACING_MM)
    assert finest.ImagedVolumeHeight == pytest.approx(900 * SPACING_MM)
    assert finest.ImagedVolumeDepth == pytest.approx(1.0)  # in µm
    assert finest.OpticalPathSequence[0].ObjectiveLensPower == 20


@pytest.mark.parametrize("is_rgb", [False, True], ids=["YCbCr", "RGB in JPEG"])
def test_the_scans_of_tiles_are_byte_identical_and_their_colors_right(
    convert_paths, tmp_path, is_rgb
):
    path = tmp_path / "slide.svs"
    pictures = write_svs(path, is_rgb=is_rgb)
    first, *_coarser = convert_paths(path)
    dataset = pydicom.dcmread(first.path)
    assert dataset.PhotometricInterpretation == ("RGB" if is_rgb else "YBR_FULL_422")
    frames = list(generate_frames(dataset.PixelData, number_of_frames=dataset.NumberOfFrames))
    tiles = source_tiles(path, 0)
    assert [scans(frame) for frame in frames] == [scans(tile) for tile in tiles]
    assert np.array_equal(region(first.path), region(path))
    assert np.abs(region(first.path).astype(int) - pictures[0]).mean() < 8
    # A reader that knows nothing of DICOM sees the same colors.
    plain = np.asarray(Image.open(io.BytesIO(frames[0])).convert("RGB")).astype(int)
    assert np.abs(plain - pictures[0][:240, :256]).mean() < 8


def test_a_made_level_is_the_picture_four_times_smaller(convert, tmp_path):
    path = tmp_path / "slide.svs"
    (picture,) = write_svs(path, factors=(1,))
    made = convert(path)[1]
    assert (made.TotalPixelMatrixColumns, made.TotalPixelMatrixRows) == (325, 225)
    expected = np.asarray(Image.fromarray(picture).reduce(4)).astype(int)
    frames = made.pixel_array
    shown = np.concatenate(list(frames), axis=1)[:225, :325].astype(int)
    assert np.abs(shown - expected).mean() < 4


@pytest.mark.parametrize("attributes", [None, GIVEN], ids=["bare", "attributes"])
def test_dciodvfy_finds_no_error_in_any_level(convert_paths, dciodvfy_errors, svs, attributes):
    for one in convert_paths(svs, attributes=attributes):
        assert dciodvfy_errors(one.path) == []


def test_nothing_of_the_source_is_told_but_its_pixels(convert_paths, svs):
    assert svs.read_bytes().count(b"PLANTED") > 6
    for one in convert_paths(svs):
        assert b"PLANTED" not in one.path.read_bytes()


def test_converting_twice_gives_the_same_bytes(convert_paths, svs):
    first = [one.path.read_bytes() for one in convert_paths(svs)]
    assert [one.path.read_bytes() for one in convert_paths(svs)] == first
