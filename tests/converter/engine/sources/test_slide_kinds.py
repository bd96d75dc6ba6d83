"""Slides of other kinds: tiled TIFF of every compression, JPEG 2000, MIRAX, large pictures."""

from pathlib import Path

import numpy as np
import openslide
import pydicom
import pytest
import tifffile
from PIL import Image
from scanner_samples import write_mirax, write_ndpi, write_philips, write_scn
from slide_samples import (
    tissue,
    whole,
    write_jpeg_2000_svs,
    write_pyramid,
    write_svs,
)

from converter.engine import is_slide

PICTURE = tissue(700, 530)
JPEG_LS, JPEG_2000 = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.91"


def region(path: Path) -> np.ndarray:
    with openslide.OpenSlide(path) as slide:
        return np.asarray(slide.read_region((0, 0), 0, slide.dimensions).convert("RGB")).astype(int)


@pytest.mark.parametrize(
    "options",
    [
        {"compression": "deflate", "predictor": True},
        {"compression": "lzw", "bigtiff": True, "byteorder": ">"},
        {"compression": "zstd"},
        {"compression": "none"},
    ],
    ids=lambda options: options["compression"],
)
def test_tiles_without_loss_stay_without_loss(convert, tmp_path, options):
    pictures = write_pyramid(tmp_path / "slide.tif", PICTURE, **options)
    assert is_slide(tmp_path / "slide.tif")
    levels = convert(tmp_path / "slide.tif")
    assert {d.file_meta.TransferSyntaxUID for d in levels} == {JPEG_LS}
    assert {d.LossyImageCompression for d in levels} == {"00"}
    for dataset, picture in zip(levels, pictures, strict=False):
        assert np.array_equal(whole(dataset), picture)


def test_a_made_level_has_no_dark_edge(convert, tmp_path):
    pictures = write_pyramid(tmp_path / "slide.tif", PICTURE, factors=(1, 2), compression="lzw")
    made = whole(convert(tmp_path / "slide.tif")[2])
    assert pictures[1].shape[1] % 4 == 2  # so the last column is made of two
    assert np.array_equal(made, np.asarray(Image.fromarray(pictures[1]).reduce(4)))


def test_planes_of_colors_are_put_together(convert, tmp_path):
    path = tmp_path / "slide.tif"
    planes = np.ascontiguousarray(np.moveaxis(PICTURE, -1, 0))
    with tifffile.TiffWriter(path) as writer:
        settings = {"photometric": "rgb", "planarconfig": "separate", "tile": (256, 256)}
        writer.write(planes, metadata=None, compression="deflate", **settings)
        writer.write(planes[:, ::4, ::4].copy(), metadata=None, subfiletype=1, **settings)
    assert np.array_equal(whole(convert(path)[0]), PICTURE)


def test_gray_slides_are_gray(convert, tmp_path):
    gray = PICTURE[..., 1].copy()
    write_pyramid(tmp_path / "slide.tif", gray, compression="lzw", photometric="minisblack")
    levels = convert(tmp_path / "slide.tif")
    assert {d.PhotometricInterpretation for d in levels} == {"MONOCHROME2"}
    assert np.array_equal(whole(levels[0]), gray)
    write_pyramid(tmp_path / "jpeg.tif", gray, compression="jpeg", photometric="minisblack")
    finest = convert(tmp_path / "jpeg.tif")[0]
    assert np.array_equal(whole(finest), tifffile.imread(tmp_path / "jpeg.tif", key=0))


def test_the_resolution_tags_of_a_plain_pyramid_give_its_spacing(convert, tmp_path):
    write_pyramid(tmp_path / "slide.tif", PICTURE, compression="deflate")
    finest, half, *_others = convert(tmp_path / "slide.tif")
    for dataset, factor in ((finest, 1), (half, 2)):
        measures = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
        # 20,000 columns and 25,000 rows a cm.
        expected = [0.0004 * factor, 0.0005 * factor]
        assert [float(mm) for mm in measures.PixelSpacing] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("compression", "options", "photometric", "tolerance"),
    [
        (33003, {"level": 45, "reversible": False, "mct": False}, "YBR_ICT", 3.0),
        (33005, {"level": 45, "reversible": False, "mct": True}, "YBR_ICT", 3.0),
        (33005, {"level": 45, "reversible": False, "mct": False}, "RGB", 3.0),
        (33005, {"reversible": True, "mct": True}, "YBR_RCT", 0.0),
    ],
)
def test_codestreams_of_jpeg_2000_are_kept_and_shown_in_their_colors(
    convert_paths, dciodvfy_errors, tmp_path, compression, options, photometric, tolerance
):
    path = tmp_path / "slide.svs"
    write_jpeg_2000_svs(path, PICTURE, compression, **options)
    first = convert_paths(path)[0]
    dataset = pydicom.dcmread(first.path)
    assert dataset.file_meta.TransferSyntaxUID == JPEG_2000
    assert dataset.PhotometricInterpretation == photometric
    assert np.abs(whole(dataset).astype(int) - PICTURE).mean() <= tolerance
    # OpenSlide reads the source by its own rules, and the output by those of DICOM.
    assert np.abs(region(path) - whole(dataset)).max() <= 2
    assert dciodvfy_errors(first.path) == []


def test_only_one_bit_of_an_aperio_codestream_changes(convert, tmp_path):
    from pydicom.encaps import generate_frames

    path = tmp_path / "slide.svs"
    write_jpeg_2000_svs(path, PICTURE, 33003, level=45, reversible=False, mct=False)
    dataset = convert(path)[0]
    frame = next(generate_frames(dataset.PixelData, number_of_frames=dataset.NumberOfFrames))
    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        file.filehandle.seek(page.dataoffsets[0])
        tile = file.filehandle.read(page.databytecounts[0])
    start = tile.index(b"\xff\x93")  # the image follows
    assert frame.rstrip(b"\0").endswith(tile[start:])


def test_a_slide_in_a_folder_is_read_whole(convert_paths, dciodvfy_errors, tmp_path):
    path = tmp_path / "slide.mrxs"
    picture = write_mirax(path)
    companions = tuple((one.name, one) for one in sorted((tmp_path / "slide").iterdir()))
    levels = convert_paths(path, companions=companions)
    sizes = [pydicom.dcmread(one.path).TotalPixelMatrixColumns for one in levels]
    assert sizes == [1280, 320]
    assert np.abs(region(levels[0].path) - region(path)).mean() < 1
    assert np.abs(region(levels[0].path) - picture).mean() < 5
    for one in levels:
        assert dciodvfy_errors(one.path) == []
        assert b"PLANTED" not in one.path.read_bytes()
        assert pydicom.dcmread(one.path).Manufacturer == "3DHISTECH"


@pytest.mark.parametrize(("fill", "shown"), [(0, 0), (0xFFFFFF, 255)])
def test_what_was_not_scanned_has_the_color_that_the_scanner_says(convert, tmp_path, fill, shown):
    write_mirax(tmp_path / "slide.mrxs", fill=fill, missing=5)
    companions = tuple((one.name, one) for one in (tmp_path / "slide").iterdir())
    finest = whole(convert(tmp_path / "slide.mrxs", companions=companions)[0])
    assert np.abs(finest[250:470, 330:630].astype(int) - shown).max() <= 2


@pytest.mark.parametrize("kind", ["png", "bmp", "lzw.tif", "gray.png"])
def test_a_large_picture_becomes_a_pyramid_without_loss(convert, tmp_path, kind):
    picture = tissue(16_400, 90)
    picture = picture[..., 1].copy() if kind.startswith("gray") else picture
    path = tmp_path / f"large.{kind}"
    if kind == "lzw.tif":
        tifffile.imwrite(path, picture, photometric="rgb", compression="lzw", rowsperstrip=37)
    else:
        Image.fromarray(picture).save(path)
    assert is_slide(path)
    levels = convert(path)
    assert np.array_equal(whole(levels[0]), picture)
    assert levels[-1].NumberOfFrames == 1
    assert {d.Modality for d in levels} == {"SM"}


def test_a_large_jpeg_is_decoded_once_and_tells_its_loss(convert, tmp_path):
    path = tmp_path / "large.jpg"
    Image.fromarray(tissue(16_400, 90)).save(path, quality=80)
    finest = convert(path)[0]
    assert np.array_equal(whole(finest), np.asarray(Image.open(path)))
    assert finest.LossyImageCompression == "01"
    assert finest.LossyImageCompressionMethod == "ISO_10918_1"
    ratio = 16_896 * 512 * 3 / path.stat().st_size  # whole tiles, as they are stored
    assert float(finest.LossyImageCompressionRatio) == pytest.approx(ratio, rel=0.02)


def test_a_smaller_picture_stays_one_image(convert, tmp_path):
    Image.fromarray(tissue(16_384, 3)).save(tmp_path / "wide.png")
    assert not is_slide(tmp_path / "wide.png")
    (dataset,) = convert(tmp_path / "wide.png")
    assert dataset.Modality == "OT"


def test_the_overview_comes_only_when_asked_for_and_says_that_it_may_name_somebody(
    convert, convert_paths, dciodvfy_errors, tmp_path
):
    path = tmp_path / "slide.svs"
    write_svs(path)
    assert all(d.ImageType[2] == "VOLUME" for d in convert(path))
    last = convert_paths(path, overview=True)[-1]
    overview = pydicom.dcmread(last.path)
    assert list(overview.ImageType) == ["ORIGINAL", "PRIMARY", "OVERVIEW", "NONE"]
    assert (overview.BurnedInAnnotation, overview.SpecimenLabelInImage) == ("YES", "YES")
    assert np.array_equal(overview.pixel_array, tissue(400, 150, 3))
    assert dciodvfy_errors(last.path) == []


@pytest.mark.parametrize(
    ("write", "vendor", "sizes"),
    [(write_ndpi, "Hamamatsu", [1280, 320, 80]), (write_scn, "Leica", [1280, 320])],
)
def test_what_only_openslide_reads_keeps_its_colors_and_facts(
    convert_paths, dciodvfy_errors, tmp_path, write, vendor, sizes
):
    path = tmp_path / "slide"
    picture = write(path)
    assert is_slide(path)
    levels = convert_paths(path)
    datasets = [pydicom.dcmread(one.path) for one in levels]
    assert [d.TotalPixelMatrixColumns for d in datasets] == sizes
    assert {d.Manufacturer for d in datasets} == {vendor}
    assert {d.OpticalPathSequence[0].ObjectiveLensPower for d in datasets} == {20}
    assert np.abs(region(levels[0].path) - picture).mean() < 5
    for one in levels:
        assert dciodvfy_errors(one.path) == []
        assert b"PLANTED" not in one.path.read_bytes()


def test_an_ndpi_tells_its_spacing_and_its_overview_is_read_beside_it(convert_paths, tmp_path):
    write_ndpi(tmp_path / "slide.ndpi")
    levels = convert_paths(tmp_path / "slide.ndpi", overview=True)
    with openslide.OpenSlide(levels[0].path) as slide:  # which reads all files beside it
        assert slide.level_dimensions == ((1280, 960), (320, 240), (80, 60))
        assert float(slide.properties["openslide.mpp-x"]) == pytest.approx(0.5)
        assert "macro" in slide.associated_images


def test_levels_that_are_filled_up_to_whole_tiles_keep_their_spacing(convert, tmp_path):
    picture = write_philips(tmp_path / "slide.tif")
    levels = convert(tmp_path / "slide.tif")
    spacings = [
        [
            float(mm)
            for mm in d.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing
        ]
        for d in levels
    ]
    expected = [[0.000227 * times, 0.000226 * times] for times in (1, 2, 4)]
    assert np.allclose(spacings, expected)
    shown = whole(levels[0])[:700, :1100].astype(int)
    assert np.abs(shown - picture).mean() < 6
