"""Volumes that lie nowhere or lean: refused, or taken as a person said."""

import nibabel
import numpy as np
import pytest
from nifti_places import back_in_voxels, real_values, stored_and_places
from nifti_samples import AFFINES, SHAPE, SPACING_MM, counted, nifti

from converter.engine import ConversionError

LEANING = np.array([[1, 0.1, 0.3, 0], [0, 1, -0.05, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
SHEARED = AFFINES["oblique"] @ LEANING


def sheared(voxels: np.ndarray, **fields: object) -> bytes:
    rows = {f"srow_{axis}": SHEARED[number] for number, axis in enumerate("xyz")}
    return nifti(voxels, **rows, **fields)


def inside(places: np.ndarray) -> np.ndarray:
    """Return which places lie within the sheared volume."""
    indices = nibabel.affines.apply_affine(np.linalg.inv(SHEARED), places)
    return ((indices >= 0) & (indices <= np.array(SHAPE) - 1)).all(axis=1)


@pytest.mark.parametrize("volumes", [1, 2])
def test_a_linear_function_of_the_place_stays_one(convert, volumes):
    indices = np.stack(np.indices(SHAPE), axis=-1)
    x, y, z = np.moveaxis(nibabel.affines.apply_affine(SHEARED, indices), -1, 0)
    voxels = (3 * x - 2 * y + z + 500).astype("f4")
    if volumes == 2:
        voxels = np.stack([voxels, voxels + 100], axis=-1)
    datasets = convert(sheared(voxels), straighten=True)
    datasets = datasets[len(datasets) // volumes * (volumes - 1) :]
    _, places = stored_and_places(datasets)
    real = np.concatenate([real_values(dataset).ravel() for dataset in datasets])
    expected = places @ (3, -2, 1) + 500 + 100 * (volumes - 1)
    is_inside = inside(places)
    assert is_inside.sum() > np.prod(SHAPE) / 2
    step = float(datasets[0].RescaleSlope)
    assert np.abs(real - expected)[is_inside].max() <= step / 2 + 1e-3
    assert "trilinear" in datasets[0].DerivationDescription


def test_all_of_the_volume_is_covered(convert):
    datasets = convert(sheared(counted("i2")), straighten=True)
    _, places = stored_and_places(datasets)
    ends = np.array([[i * (SHAPE[0] - 1), j * (SHAPE[1] - 1), k * (SHAPE[2] - 1)]
                     for i in (0, 1) for j in (0, 1) for k in (0, 1)])  # fmt: skip
    corners = nibabel.affines.apply_affine(SHEARED, ends)
    nearest = np.linalg.norm(corners[:, None] - places, axis=2).min(axis=1)
    assert nearest.max() <= np.linalg.norm(SPACING_MM) / 2 + 1e-6


def test_labels_take_the_nearest_and_no_value_between(convert):
    voxels = np.zeros(SHAPE, "u1")
    voxels[:3], voxels[3:] = 10, 90
    (dataset,) = convert(sheared(voxels, intent_code=1002), straighten=True)
    assert [s.SegmentLabel for s in dataset.SegmentSequence] == ["Segment 10", "Segment 90"]
    assert "nearest" in dataset.DerivationDescription
    assert dataset.pixel_array.sum() == pytest.approx(np.prod(SHAPE), rel=0.15)


def test_right_angles_are_not_touched(convert):
    source = nifti(counted("i2"))
    plain = [d.PixelData for d in convert(source)]
    assert [d.PixelData for d in convert(source, straighten=True)] == plain


@pytest.mark.parametrize(
    ("matrix", "said"),
    [
        (AFFINES["RAS"] * np.nan, "not finite"),
        (np.zeros((4, 4)), "without length"),
        (np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]), "one plane"),
    ],
    ids=["NaN", "zero", "flat"],
)
def test_what_places_nothing_stays_refused(convert, out, matrix, said):
    rows = {f"srow_{axis}": matrix[number] for number, axis in enumerate("xyz")}
    with pytest.raises(ConversionError, match=said):
        convert(nifti(counted("i2"), **rows), straighten=True)
    assert list(out.iterdir()) == []


def test_a_result_beyond_the_limits_is_refused(convert, out):
    long = np.array([[1, 0, 900, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    rows = {f"srow_{axis}": long[number] for number, axis in enumerate("xyz")}
    with pytest.raises(ConversionError) as refused:
        convert(nifti(counted("i2"), **rows), straighten=True, max_bytes=100_000)
    assert refused.value.code in {"bomb", "geometry"}
    assert list(out.iterdir()) == []


def test_a_truncated_volume_is_refused(convert, out):
    with pytest.raises(ConversionError) as refused:
        convert(sheared(counted("i2"))[:-1], straighten=True)
    assert refused.value.code == "truncated"
    assert list(out.iterdir()) == []


def nowhere() -> bytes:
    image = nibabel.Nifti1Image(counted("i2"), None)
    image.header.set_zooms(SPACING_MM)
    image.header.set_sform(None, code=0)
    image.header.set_qform(None, code=0)
    return image.to_bytes()


def test_a_volume_that_lies_nowhere_is_refused(convert):
    with pytest.raises(ConversionError, match="choose to assume") as refused:
        convert(nowhere())
    assert refused.value.code == "geometry"


def test_or_lies_as_a_person_accepts_and_each_slice_says_so(convert):
    datasets = convert(nowhere(), assume_orientation=True)
    affine = np.diag([*SPACING_MM, 1])
    assert (back_in_voxels(datasets, affine, SHAPE) == counted("i2")).all()
    assert all("assumed" in d.DerivationDescription for d in datasets)


def test_an_orientation_that_is_there_counts_all_the_same(convert):
    source = nifti(counted("i2"), AFFINES["LPS"])
    datasets = convert(source, assume_orientation=True)
    assert (back_in_voxels(datasets, AFFINES["LPS"], SHAPE) == counted("i2")).all()
    assert "assumed" not in datasets[0].DerivationDescription
