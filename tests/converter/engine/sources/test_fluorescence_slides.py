"""Slides of channels and focal planes in 16 bits, held against tifffile's own reading."""

import struct
from pathlib import Path

import numpy as np
import pydicom
import pytest
import tifffile
from fluorescence_samples import planes_of, signal, write_fluorescence, write_qptiff
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from slide_samples import tissue, whole

from converter.engine import is_slide

JPEG, JPEG_LS, JPEG_2000 = (f"1.2.840.10008.1.2.4.{n}" for n in (50, 80, 91))
EPIFLUORESCENCE, BRIGHTFIELD = "111743", "111744"


def planes(dataset: Dataset) -> np.ndarray:
    """Put the planes of a level together, by the order of PS3.3 C.7.6.17.3: paths, slices."""
    across = -(-dataset.TotalPixelMatrixColumns // dataset.Columns)
    down = -(-dataset.TotalPixelMatrixRows // dataset.Rows)
    paths, slices = dataset.NumberOfOpticalPaths, dataset.TotalPixelMatrixFocalPlanes
    assert dataset.NumberOfFrames == paths * slices * down * across
    tiles = dataset.pixel_array.reshape(paths, slices, down, across, dataset.Rows, dataset.Columns)
    joined = tiles.transpose(0, 1, 2, 4, 3, 5)
    joined = joined.reshape(paths, slices, down * dataset.Rows, across * dataset.Columns)
    return joined[..., : dataset.TotalPixelMatrixRows, : dataset.TotalPixelMatrixColumns]


def by_tifffile(path: Path, level: int) -> np.ndarray:
    """Read a level, (channels, slices, rows, columns)."""
    with tifffile.TiffFile(path) as file:
        found = file.series[0].levels[level]
        array, axes = found.asarray(), found.axes
    for axis in "ZC":
        if axis not in axes:
            array, axes = array[np.newaxis], axis + axes
    return array.transpose([axes.index(axis) for axis in "CZYX"])


def measures(dataset: Dataset) -> Dataset:
    return dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]


@pytest.mark.parametrize(
    "options",
    [
        {"compression": "zlib", "predictor": True},
        {"compression": "lzw", "byteorder": ">"},
        {"compression": None, "bigtiff": False},
    ],
    ids=["zlib", "lzw, big endian", "none, classic"],
)
def test_every_channel_of_every_level_is_kept_without_loss(
    convert_paths, dciodvfy_errors, tmp_path, options
):
    path = tmp_path / "slide.ome.tif"
    write_fluorescence(path, **options)
    assert is_slide(path)
    written = convert_paths(path)
    levels = [pydicom.dcmread(one.path) for one in written]
    assert [d.TotalPixelMatrixColumns for d in levels] == [1100, 550, 275, 69]
    for number, dataset in enumerate(levels[:3]):
        assert np.array_equal(planes(dataset), by_tifffile(path, number))
    assert {d.file_meta.TransferSyntaxUID for d in levels} == {JPEG_LS}
    assert {(d.BitsAllocated, d.BitsStored, d.HighBit) for d in levels} == {(16, 16, 15)}
    assert {d.LossyImageCompression for d in levels} == {"00"}
    assert [error for one in written for error in dciodvfy_errors(one.path)] == []


def test_a_made_level_is_the_mean_of_what_lies_below(convert, tmp_path):
    path = tmp_path / "slide.ome.tif"
    write_fluorescence(path, factors=(1, 2, 4))
    below, made = (planes(dataset).astype(float) for dataset in convert(path)[2:])
    assert made.shape == (3, 1, 44, 69)
    for row, column in ((0, 0), (17, 40), (43, 68)):  # the last one is smaller than a square
        square = below[..., 4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
        expected = square.mean(axis=(2, 3))
        assert np.abs(made[..., row, column] - expected).max() <= 0.5


def test_a_channel_is_an_optical_path_with_its_name_and_light(convert, tmp_path):
    path = tmp_path / "slide.ome.tif"
    told = {
        "Channel": {
            "Name": ["DAPI", "CD8 (Opal 570)", "bright"],
            "ExcitationWavelength": [358.0, 550.0, None],
            "ContrastMethod": [None, "Fluorescence", "Brightfield"],
        }
    }
    write_fluorescence(path, metadata=told)
    for dataset in convert(path):
        paths = dataset.OpticalPathSequence
        assert [one.OpticalPathIdentifier for one in paths] == ["1", "2", "3"]
        names = [one.OpticalPathDescription for one in paths]
        assert names == ["DAPI", "CD8 (Opal 570)", "bright"]
        codes = [one.IlluminationTypeCodeSequence[0].CodeValue for one in paths]
        assert codes == [EPIFLUORESCENCE, EPIFLUORESCENCE, BRIGHTFIELD]
        assert [one.get("IlluminationWaveLength") for one in paths] == [358.0, 550.0, None]
        assert "IlluminationColorCodeSequence" in paths[2]


def test_the_spacing_is_what_the_description_says(convert, tmp_path):
    write_fluorescence(tmp_path / "slide.ome.tif")
    # The last level is 69 of 1100 columns wide, and its pixels are 16 times as large.
    for dataset, factor in zip(convert(tmp_path / "slide.ome.tif"), (1, 2, 4, 16), strict=True):
        spacing = [float(mm) for mm in measures(dataset).PixelSpacing]
        assert spacing == pytest.approx([0.0004 * factor, 0.000325 * factor])
    picture = tissue(700, 530)
    with tifffile.TiffWriter(tmp_path / "rgb.ome.tif", ome=True) as writer:
        told = {"axes": "YXS", "PhysicalSizeX": 0.25, "PhysicalSizeY": 0.5}
        writer.write(picture, subifds=1, tile=(256, 256), photometric="rgb", metadata=told)
        writer.write(picture[::2, ::2].copy(), tile=(256, 256), photometric="rgb", subfiletype=1)
    finest = convert(tmp_path / "rgb.ome.tif")[0]
    assert [float(mm) for mm in measures(finest).PixelSpacing] == [0.0005, 0.00025]
    assert np.array_equal(whole(finest), picture)


def test_a_description_in_an_older_character_set_is_read(convert, tmp_path):
    path = tmp_path / "slide.ome.tif"
    write_fluorescence(path, metadata={"PhysicalSizeXUnit": "µm"})
    data = path.read_bytes()
    path.write_bytes(data.replace('"µm"'.encode(), '"µm" '.encode("latin-1")))
    finest = convert(path)[0]
    assert [float(mm) for mm in measures(finest).PixelSpacing] == [0.0004, 0.000325]


def test_codestreams_of_16_bits_are_kept(convert_paths, dciodvfy_errors, tmp_path):
    path = tmp_path / "slide.ome.tif"
    write_fluorescence(path, compression="jpeg2000")
    written = convert_paths(path)
    finest = pydicom.dcmread(written[0].path)
    assert finest.file_meta.TransferSyntaxUID == JPEG_2000
    assert np.array_equal(planes(finest), by_tifffile(path, 0))
    frames = list(generate_frames(finest.PixelData, number_of_frames=finest.NumberOfFrames))
    with tifffile.TiffFile(path) as file:
        page = file.pages[1]  # the second channel
        file.filehandle.seek(page.dataoffsets[4])
        tile = file.filehandle.read(page.databytecounts[4])
    kept = frames[finest.NumberOfFrames // 3 + 4]
    assert tile[tile.index(b"\xff\x93") :].rstrip(b"\0") == kept[kept.index(b"\xff\x93") :].rstrip(
        b"\0"
    )
    assert [error for one in written for error in dciodvfy_errors(one.path)] == []


def test_tiles_of_jpeg_are_kept_for_channels_of_8_bits(convert, tmp_path):
    path = tmp_path / "slide.ome.tif"
    write_fluorescence(path, planes_of(2, 1, 700, 530, bits=8), compression="jpeg")
    levels = convert(path)
    assert {d.file_meta.TransferSyntaxUID for d in levels} == {JPEG}
    assert {d.PhotometricInterpretation for d in levels} == {"MONOCHROME2"}
    assert np.array_equal(planes(levels[0]), by_tifffile(path, 0))


def test_focal_planes_come_before_the_next_channel_and_say_their_distance(
    convert_paths, dciodvfy_errors, tmp_path
):
    path = tmp_path / "slide.ome.tif"
    write_fluorescence(path, planes_of(2, 3, 700, 530))
    written = convert_paths(path)
    for number, one in enumerate(written):
        dataset = pydicom.dcmread(one.path)
        assert (dataset.NumberOfOpticalPaths, dataset.TotalPixelMatrixFocalPlanes) == (2, 3)
        assert float(measures(dataset).SpacingBetweenSlices) == pytest.approx(0.0015)
        assert dataset.ImagedVolumeDepth == pytest.approx(4.0)  # in µm: two steps, and a plane
        if number < 3:
            assert np.array_equal(planes(dataset), by_tifffile(path, number))
        assert dciodvfy_errors(one.path) == []


def test_channels_are_found_by_the_description_not_by_their_order(convert, tmp_path):
    path = tmp_path / "slide.ome.tif"
    stored = planes_of(2, 3, 700, 530)
    write_fluorescence(path, stored.swapaxes(0, 1), metadata={"axes": "ZCYX"})
    assert np.array_equal(planes(convert(path)[0]), stored)


def test_a_plain_pyramid_of_16_bits_is_one_path(convert, tmp_path):
    path, picture = tmp_path / "slide.tif", signal(700, 530)
    with tifffile.TiffWriter(path) as writer:
        for factor in (1, 2, 4):
            writer.write(
                np.ascontiguousarray(picture[::factor, ::factor]),
                tile=(256, 256),
                photometric="miniswhite" if factor == 1 else "minisblack",
                compression="lzw",
                subfiletype=int(factor > 1),
                metadata=None,
            )
    finest, half, *_coarser = convert(path)
    assert np.array_equal(planes(finest)[0, 0], 65535 - picture)
    assert np.array_equal(planes(half)[0, 0], picture[::2, ::2])
    code = finest.OpticalPathSequence[0].IlluminationTypeCodeSequence[0]
    assert code.CodeValue == BRIGHTFIELD


def test_codestreams_whose_highest_value_is_black_are_turned_over(convert, tmp_path):
    path, picture = tmp_path / "slide.tif", signal(700, 530)
    with tifffile.TiffWriter(path) as writer:
        for factor in (1, 4):
            writer.write(
                np.ascontiguousarray(picture[::factor, ::factor]),
                tile=(256, 256),
                photometric="miniswhite",
                compression="jpeg2000",
                subfiletype=int(factor > 1),
                metadata=None,
            )
    assert np.array_equal(planes(convert(path)[0])[0, 0], 65535 - picture)


def test_a_large_picture_of_16_bits_becomes_a_pyramid(convert, tmp_path):
    path, picture = tmp_path / "large.tif", signal(16_400, 90)
    tifffile.imwrite(path, picture, compression="zlib", rowsperstrip=37)
    assert is_slide(path)
    levels = convert(path)
    assert np.array_equal(planes(levels[0])[0, 0], picture)
    assert levels[-1].NumberOfFrames == 1


def test_large_channels_without_tiles_become_a_pyramid(convert, tmp_path):
    path, stored = tmp_path / "large.ome.tif", planes_of(2, 1, 16_400, 90)
    tifffile.imwrite(path, stored[:, 0], ome=True, photometric="minisblack", compression="zlib")
    assert np.array_equal(planes(convert(path)[0]), stored)


def test_tiles_that_are_not_there_are_dark(convert, tmp_path):
    path = tmp_path / "slide.ome.tif"
    write_fluorescence(path)
    with tifffile.TiffFile(path) as file:
        tag = file.pages[1].tags[325]
    with path.open("r+b") as stream:
        stream.seek(tag.valueoffset)
        stream.write(struct.pack("<Q" if tag.dtype == 16 else "<I", 0))
    finest = planes(convert(path)[0])
    assert finest[1, 0, :256, :272].max() == 0
    assert np.array_equal(finest[1, 0, :256, 272:], by_tifffile(path, 0)[1, 0, :256, 272:])


def test_pictures_that_scanners_add_are_left_out(convert, tmp_path):
    path = tmp_path / "slide.ome.tif"
    with tifffile.TiffWriter(path, ome=True, bigtiff=True) as writer:
        stored = planes_of(2, 1, 700, 530)[:, 0]
        writer.write(
            stored, subifds=1, tile=(256, 256), photometric="minisblack", metadata={"axes": "CYX"}
        )
        smaller = np.ascontiguousarray(stored[:, ::2, ::2])
        writer.write(smaller, tile=(256, 256), photometric="minisblack", subfiletype=1)
        label = {"axes": "YXS", "Name": "label image PLANTED"}
        writer.write(
            tissue(400, 320), tile=(256, 256), subifds=1, photometric="rgb", metadata=label
        )
        writer.write(tissue(200, 160), tile=(256, 256), photometric="rgb", subfiletype=1)
    levels = convert(path)
    assert {d.SamplesPerPixel for d in levels} == {1}
    assert np.array_equal(planes(levels[0])[:, 0], stored)


def test_the_channels_of_a_qptiff_are_put_together(convert_paths, dciodvfy_errors, tmp_path):
    path = tmp_path / "slide.qptiff"
    stored = write_qptiff(
        path, planes_of(3, 1, 900, 700), names=("DAPI", "Opal 570", "CD8 &amp; x")
    )
    assert is_slide(path)
    written = convert_paths(path)
    levels = [pydicom.dcmread(one.path) for one in written]
    assert [d.TotalPixelMatrixColumns for d in levels] == [900, 450, 225]
    for dataset, expected in zip(levels, stored, strict=True):
        assert np.array_equal(planes(dataset)[:, 0], expected)
    paths = levels[0].OpticalPathSequence
    assert [one.OpticalPathDescription for one in paths] == ["DAPI", "Opal 570", "CD8 & x"]
    assert {one.ObjectiveLensPower for one in paths} == {20}
    assert [float(mm) for mm in measures(levels[0]).PixelSpacing] == [0.0004, 0.0005]
    for one in written:
        assert dciodvfy_errors(one.path) == []
        assert b"PLANTED" not in one.path.read_bytes()
