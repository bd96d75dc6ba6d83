"""Label maps become Segmentations, read back by highdicom, which neither reads nor writes as we."""

import json

import highdicom
import nibabel
import numpy as np
import pydicom
import pytest
from nifti_samples import AFFINES, SHAPE, nifti, packed
from pydicom.dataset import Dataset
from series_samples import GIVEN, a_series

from converter.engine import Attributes, ConversionError, Options, Reference, convert_file
from converter.engine.sources.cielab import distinct_color, encoded_cielab

SEG = "1.2.840.10008.5.1.4.1.1.66.4"
LABELS = (3, 7, 200)  # each of them on some slices only, and the first slice stays empty


def label_map(dtype: str = "u1", shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    """Make labels that no axis or direction can be swapped in unnoticed."""
    voxels = np.zeros(shape, dtype)
    voxels[1:3, 2:5, 1:4] = 3
    voxels[3, 3:, 3:] = 7
    voxels[0, 0, 5] = 200
    return voxels


def labels_in_place(dataset: Dataset, affine: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Put the voxels of every frame where highdicom says that they lie, as segment numbers."""
    segmentation = highdicom.seg.Segmentation.from_dataset(dataset)
    volume = segmentation.get_volume(combine_segments=True)
    frames = volume.array
    places = np.indices(frames.shape).reshape(3, -1)
    lps = volume.affine[:3, :3] @ places + volume.affine[:3, 3:]
    ras = lps * np.array([[-1], [-1], [1]])
    inverse = np.linalg.inv(affine)
    exact = inverse[:3, :3] @ ras + inverse[:3, 3:]
    indices = np.rint(exact).astype(int)
    assert np.abs(exact - indices).max() < 1e-3
    found = np.zeros(shape, int)
    found[tuple(indices)] = frames.ravel()
    return found


@pytest.mark.parametrize("orientation", AFFINES)
@pytest.mark.parametrize("shape", [SHAPE, (8, 6, 7)], ids=["bits across frames", "whole bytes"])
def test_every_voxel_of_a_label_is_a_bit_of_its_segment(convert, orientation, shape):
    affine, voxels = AFFINES[orientation], label_map(shape=shape)
    (dataset,) = convert(nifti(voxels, affine, intent_code=1002))
    assert (dataset.SOPClassUID, dataset.SegmentationType) == (SEG, "BINARY")
    found = labels_in_place(dataset, affine, shape)
    for number, label in enumerate(LABELS, start=1):
        assert ((found == number) == (voxels == label)).all()


def test_empty_frames_are_left_out(convert):
    (dataset,) = convert(nifti(label_map(), intent_code=1002))
    assert dataset.NumberOfFrames == 3 + 4 + 1
    assert len(dataset.PixelData) == 30  # 8 frames of 30 bits


@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "i4", "u4", "i8", "f4", "f8", ">i2"])
def test_labels_are_whole_numbers_of_any_kind(convert, dtype):
    (dataset,) = convert(nifti(label_map("u1"), AFFINES["LAS"], intent_code=1002))
    (other,) = convert(nifti(label_map(dtype), AFFINES["LAS"], intent_code=1002))
    assert other.PixelData == dataset.PixelData


def test_labels_may_be_large_numbers(convert):
    voxels = label_map("i4")
    voxels[voxels == 200] = 614_454_277  # as in the atlas of the Allen Institute
    (dataset,) = convert(nifti(voxels, intent_code=1002))
    assert dataset.SegmentSequence[2].SegmentLabel == "Segment 614454277"
    assert dataset.NumberOfFrames == 8


def test_without_a_table_segments_have_numbers_and_distinct_colors(convert):
    (dataset,) = convert(nifti(label_map(), intent_code=1002))
    segments = dataset.SegmentSequence
    assert [s.SegmentNumber for s in segments] == [1, 2, 3]
    assert [s.SegmentLabel for s in segments] == ["Segment 3", "Segment 7", "Segment 200"]
    assert [s.SegmentAlgorithmType for s in segments] == ["SEMIAUTOMATIC"] * 3
    assert len({distinct_color(index) for index in range(24)}) == 24


@pytest.mark.parametrize(
    ("color", "lab"),
    [
        ((255, 255, 255), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((255, 0, 0), (54.29, 80.81, 69.89)),  # as Lindbloom's calculator has them for D50
        ((0, 255, 0), (87.82, -79.29, 80.99)),
        ((0, 0, 255), (29.57, 68.30, -112.03)),
    ],
)
def test_colors_are_cielab_of_the_white_d50(color, lab):
    first, *others = encoded_cielab(color)
    assert first * 100 / 65535 == pytest.approx(lab[0], abs=0.05)
    assert [value * 255 / 65535 - 128 for value in others] == pytest.approx(lab[1:], abs=0.1)


def test_a_table_names_and_colors_the_segments(convert, tmp_path):
    table = tmp_path / "table"
    table.write_text("index\tname\tcolor\n3\tLeft kidney\t#ff0000\n200\tLiver\t#0000FF\n9\tNo\t\n")
    (dataset,) = convert(nifti(label_map(), intent_code=1002), labels=table)
    segments = dataset.SegmentSequence
    assert [s.SegmentLabel for s in segments] == ["Left kidney", "Segment 7", "Liver"]
    assert list(segments[0].RecommendedDisplayCIELabValue) == encoded_cielab((255, 0, 0))


def test_the_header_of_a_volume_may_name_its_segments(convert):
    image = nibabel.Nifti1Image(label_map(), AFFINES["LAS"])
    image.header["intent_code"] = 1002
    xml = b'<LabelTable><Label Key="7" Red="0" Green="1" Blue="0">Spleen</Label></LabelTable>'
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension(30, xml))
    (dataset,) = convert(image.to_bytes())
    assert dataset.SegmentSequence[1].SegmentLabel == "Spleen"
    assert dataset.pixel_array.sum() == np.count_nonzero(label_map())


@pytest.mark.parametrize(
    ("manual", "expected"), [(True, "MANUAL"), (False, "AUTOMATIC"), (None, "SEMIAUTOMATIC")]
)
def test_a_sidecar_says_who_drew(convert, tmp_path, manual, expected):
    sidecar = tmp_path / "sidecar"
    sidecar.write_text(json.dumps({"Manual": manual}))
    (dataset,) = convert(nifti(label_map(), intent_code=1002), sidecar=sidecar)
    assert {s.SegmentAlgorithmType for s in dataset.SegmentSequence} == {expected}


def test_frames_name_the_images_that_they_were_drawn_on(convert, convert_paths):
    drawn_on = a_series(series_instance_uid="2.25.77", series_number=1, uid_seed=b"other" * 7)
    affine = AFFINES["oblique"]
    images = convert(nifti(label_map("i2"), affine), series=drawn_on)
    reference = Reference("2.25.77", images[0].SOPClassUID, drawn_on.uid_seed)
    (seg,) = convert(nifti(label_map(), affine, intent_code=1002), reference=reference)
    at = {str(i.SOPInstanceUID): [float(x) for x in i.ImagePositionPatient] for i in images}
    for group in seg.PerFrameFunctionalGroupsSequence:
        (source,) = group.DerivationImageSequence[0].SourceImageSequence
        position = group.PlanePositionSequence[0].ImagePositionPatient
        assert at[source.ReferencedSOPInstanceUID] == [float(x) for x in position]
    (series,) = seg.ReferencedSeriesSequence
    assert series.SeriesInstanceUID == "2.25.77"
    named = {i.ReferencedSOPInstanceUID for i in series.ReferencedInstanceSequence}
    assert len(named) == 6 < len(at)  # of seven slices the first is empty
    assert named < set(at)
    assert {seg.FrameOfReferenceUID} == {i.FrameOfReferenceUID for i in images}


@pytest.mark.parametrize("is_referenced", [False, True])
def test_the_validator_finds_no_error(convert_paths, dciodvfy_errors, is_referenced):
    reference = Reference("2.25.77", "1.2.840.10008.5.1.4.1.1.4", b"x" * 32)
    options = {"reference": reference, "attributes": GIVEN} if is_referenced else {}
    (one,) = convert_paths(nifti(label_map(), intent_code=1002), **options)
    assert dciodvfy_errors(one.path) == []


def test_the_same_map_gives_the_same_bytes(convert_paths):
    source = packed(nifti(label_map(), intent_code=1002))
    first, second = (convert_paths(source)[0].path.read_bytes() for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("voxels", "is_labels"),
    [
        (label_map(), True),
        (label_map("f4"), True),
        (label_map("f4") * 0.5, False),
        (label_map("i2") - 1, False),
        (np.arange(2200, dtype="i2").reshape(10, 20, 11), False),
        (np.zeros((*SHAPE, 2), "u1"), False),
    ],
    ids=["integers", "whole floats", "halves", "negative", "too many", "4D"],
)
def test_a_name_counts_where_the_voxels_agree(convert, voxels, is_labels):
    datasets = convert(nifti(voxels), is_named_label_map=True)
    assert (datasets[0].Modality == "SEG") == is_labels


def test_a_person_decides_before_names_and_codes(convert):
    source = nifti(label_map(), intent_code=1002)
    assert convert(source, volumes="images")[0].Modality == "MR"
    assert convert(nifti(label_map()), volumes="labels")[0].Modality == "SEG"


@pytest.mark.parametrize(
    ("voxels", "said"),
    [
        (label_map("f4") * 0.5, "no whole numbers"),
        (label_map("f4") * np.nan, "no whole numbers"),
        (label_map("i2") - 1, "no whole numbers"),
        (np.zeros(SHAPE, "u1"), "no label"),
        (np.arange(70_000, dtype="i4").reshape(100, 70, 10), "more than 65535"),
        (np.ones((*SHAPE, 2), "u1"), "several volumes"),
    ],
    ids=["halves", "NaN", "negative", "empty", "too many", "4D"],
)
def test_what_is_no_label_map_is_refused(convert, out, voxels, said):
    with pytest.raises(ConversionError, match=said) as refused:
        convert(nifti(voxels, intent_code=1002))
    assert refused.value.code == "unsupported"
    assert list(out.iterdir()) == []


def test_a_segmentation_over_four_gigabytes_is_refused_before_it_is_written(out, tmp_path):
    """Bits of 1,000 labels in each of many slices: the map itself is small."""
    source = tmp_path / "labels.nii"
    rows = np.repeat(np.arange(1000, dtype="u2"), 500).reshape(1000, 500, 1)
    source.write_bytes(packed(nifti(np.tile(rows, (1, 1, 80)), intent_code=1002)))
    with pytest.raises(ConversionError, match="more labels than one"):
        list(convert_file(source, out, Attributes(), a_series(), Options()))
    assert list(out.iterdir()) == []


def test_pixels_are_unpacked_alike_by_pydicom(convert):
    voxels = label_map()
    (dataset,) = convert(nifti(voxels, AFFINES["LPS"], intent_code=1002))
    frames = pydicom.pixels.pixel_array(dataset)
    assert frames.sum() == np.count_nonzero(voxels)
