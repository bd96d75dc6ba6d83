import gzip
from itertools import pairwise
from pathlib import Path

import nibabel
import numpy as np
import pytest
from nibabel.testing import data_path
from nifti_samples import AFFINES, SHAPE, counted, nifti, packed

from converter.engine import Attributes, ConversionError

PLANTED = (b"Mueller", b"SecretComment", b"ward7-host", b"Photoshop9")
MR, CT = "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.2"


def stored_and_places(datasets) -> tuple[np.ndarray, np.ndarray]:
    """Return every stored value and its place in the patient (RAS, mm), by PS3.3 C.7.6.2.1.1."""
    values, places = [], []
    for dataset in datasets:
        along_row, down_column = np.array(dataset.ImageOrientationPatient, float).reshape(2, 3)
        row_spacing, column_spacing = (float(value) for value in dataset.PixelSpacing)
        rows, columns = np.indices((dataset.Rows, dataset.Columns))
        lps = (
            np.array(dataset.ImagePositionPatient, float)
            + columns[..., None] * along_row * column_spacing
            + rows[..., None] * down_column * row_spacing
        )
        values.append(dataset.pixel_array.ravel())
        places.append((lps * (-1, -1, 1)).reshape(-1, 3))
    return np.concatenate(values), np.concatenate(places)


def back_in_voxels(datasets, affine: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Put every pixel back where its place says; each voxel must be met exactly once."""
    values, places = stored_and_places(datasets)
    indices = nibabel.affines.apply_affine(np.linalg.inv(affine), places)
    nearest = np.rint(indices).astype(int)
    step_mm = np.linalg.norm(affine[:3, :3], axis=0)
    assert np.abs((indices - nearest) * step_mm).max() < 1e-3
    volume = np.zeros(shape, values.dtype)
    seen = np.zeros(shape, int)
    np.add.at(seen, tuple(nearest.T), 1)
    assert (seen == 1).all()
    volume[tuple(nearest.T)] = values
    return volume


def real_values(dataset) -> np.ndarray:
    slope, intercept = dataset.get("RescaleSlope", 1), dataset.get("RescaleIntercept", 0)
    return dataset.pixel_array * float(slope) + float(intercept)


@pytest.mark.parametrize("orientation", AFFINES)
@pytest.mark.parametrize("modality", ["MR", "CT"])
def test_every_voxel_comes_back_from_where_its_pixel_lies(convert, orientation, modality):
    affine = AFFINES[orientation]
    voxels = counted("i2", first=-100)
    datasets = convert(nifti(voxels, affine), modality=modality)
    assert {d.SOPClassUID for d in datasets} == {{"MR": MR, "CT": CT}[modality]}
    assert (back_in_voxels(datasets, affine, SHAPE) == voxels).all()


@pytest.mark.parametrize("orientation", AFFINES)
def test_slices_are_numbered_along_their_normal_at_even_steps(convert, orientation):
    datasets = convert(nifti(counted("i2"), AFFINES[orientation]))
    assert [d.InstanceNumber for d in datasets] == list(range(1, 8))
    directions = np.array(datasets[0].ImageOrientationPatient, float).reshape(2, 3)
    normal = np.cross(*directions)
    along = [float(normal @ np.array(d.ImagePositionPatient, float)) for d in datasets]
    assert np.allclose([b - a for a, b in pairwise(along)], 3.0, atol=1e-4)
    assert len({d.FrameOfReferenceUID for d in datasets}) == 1


def test_spacing_names_rows_first(convert):
    dataset = convert(nifti(counted("i2"), AFFINES["RAS"]))[0]
    assert (dataset.Rows, dataset.Columns) == (6, 5)
    assert [float(value) for value in dataset.PixelSpacing] == [2.0, 1.5]
    assert (dataset.SliceThickness, dataset.SpacingBetweenSlices) == (3, 3)


def test_an_axial_volume_faces_as_radiologists_expect(convert):
    dataset = convert(nifti(counted("i2"), AFFINES["RAS"]))[0]
    assert list(dataset.ImageOrientationPatient) == [1, 0, 0, 0, 1, 0]


@pytest.mark.parametrize(
    ("dtype", "first", "is_signed"),
    [
        ("u1", 0, 0),
        ("i1", -100, 1),
        ("i2", -32768, 1),
        ("i2", 100, 1),
        ("u2", 65000, 0),
        ("i4", -300, 1),
        ("i4", 60000, 0),
        ("u8", 5, 0),
        ("f4", -300, 1),
    ],
)
def test_whole_numbers_that_fit_are_stored_as_they_are(convert, dtype, first, is_signed):
    voxels = counted(dtype, first)
    datasets = convert(nifti(voxels))
    assert {d.PixelRepresentation for d in datasets} == {is_signed}
    assert {d.BitsStored for d in datasets} == {16}
    assert "RescaleSlope" not in datasets[0]
    assert (back_in_voxels(datasets, AFFINES["oblique"], SHAPE) == voxels).all()


@pytest.mark.parametrize(
    "voxels",
    [
        counted("f4", first=-3, factor=0.37),
        counted("f8", first=1e-6, factor=1e-9),
        counted("i4", first=-5_000_000, factor=70_001),
        counted("u4", first=7, factor=1_000_003),
        np.full(SHAPE, 3.25, "f4"),
    ],
    ids=["float32", "tiny float64", "int32", "uint32", "constant"],
)
@pytest.mark.parametrize("modality", ["MR", "CT"])
def test_other_numbers_are_scaled_within_half_a_step(convert, voxels, modality):
    affine = AFFINES["oblique"]
    datasets = convert(nifti(voxels), modality=modality)
    steps = back_in_voxels(datasets, affine, SHAPE)
    step = float(datasets[0].RescaleSlope)
    real = steps * step + float(datasets[0].RescaleIntercept)
    assert np.abs(real - voxels.astype(float)).max() <= step / 2 * (1 + 1e-6)
    assert "half a step" in datasets[0].DerivationDescription
    assert steps.max() - steps.min() >= (65534 if np.ptp(voxels) else 0)


def test_voxels_that_are_not_numbers_hold_the_padding_value(convert):
    voxels = counted("f4", first=-3, factor=0.37)
    voxels[1, 2, 3] = np.nan
    voxels[4, 5, 6] = np.inf
    datasets = convert(nifti(voxels))
    stored = back_in_voxels(datasets, AFFINES["oblique"], SHAPE)
    padding = datasets[0].PixelPaddingValue
    assert [tuple(place) for place in np.argwhere(stored == padding)] == [(1, 2, 3), (4, 5, 6)]
    step = float(datasets[0].RescaleSlope)
    real = stored * step + float(datasets[0].RescaleIntercept)
    is_finite = np.isfinite(voxels)
    assert np.abs(real - voxels.astype(float))[is_finite].max() <= step / 2 * (1 + 1e-6)


def test_a_volume_without_a_single_number_is_all_padding(convert):
    datasets = convert(nifti(np.full(SHAPE, np.nan, "f4")))
    assert all((d.pixel_array == d.PixelPaddingValue).all() for d in datasets)


@pytest.mark.parametrize("modality", ["MR", "CT"])
def test_the_scaling_of_the_source_is_kept_beside_its_voxels(convert, modality):
    source = nifti(counted("i2", first=-100), scl_slope=0.1, scl_inter=-1024.5)
    datasets = convert(source, modality=modality)
    volume = back_in_voxels(datasets, AFFINES["oblique"], SHAPE)
    assert (volume == counted("i2", first=-100)).all()
    assert np.float32(float(datasets[0].RescaleSlope)) == np.float32(0.1)
    assert float(datasets[0].RescaleIntercept) == -1024.5


def test_mr_states_its_scaling_as_real_world_values_too(convert):
    dataset = convert(nifti(counted("i2"), scl_slope=0.5, scl_inter=-10))[0]
    (mapping,) = dataset.RealWorldValueMappingSequence
    assert (mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept) == (0.5, -10.0)
    assert mapping.RealWorldValueFirstValueMapped == -32768
    assert mapping.RealWorldValueLastValueMapped == 32767


def test_scaled_floats_keep_the_scaling_of_the_source(convert):
    voxels = counted("f4", first=-3, factor=0.37)
    datasets = convert(nifti(voxels, scl_slope=-2, scl_inter=5))
    stored = back_in_voxels(datasets, AFFINES["oblique"], SHAPE)
    step = float(datasets[0].RescaleSlope)
    real = stored * step + float(datasets[0].RescaleIntercept)
    assert np.abs(real - (voxels.astype(float) * -2 + 5)).max() <= step / 2 * (1 + 1e-6)


def test_mr_has_one_window_over_all_its_values(convert):
    datasets = convert(nifti(counted("i2", first=-100)))
    assert {(d.WindowCenter, d.WindowWidth) for d in datasets} == {(4.5, 209)}
    narrow = convert(nifti(counted("f4", factor=0.001)))[0]
    assert narrow.VOILUTFunction == "LINEAR_EXACT"
    assert float(narrow.WindowWidth) == pytest.approx(0.209)
    assert "WindowWidth" not in convert(nifti(counted("f4", factor=1e36)))[0]


def test_ct_has_hounsfield_units_and_a_window(convert):
    dataset = convert(nifti(counted("i2", first=-100)), modality="CT")[0]
    assert (dataset.RescaleSlope, dataset.RescaleIntercept) == (1, 0)
    assert dataset.RescaleType == "HU"
    assert (dataset.WindowCenter, dataset.WindowWidth) == (40, 400)


def test_big_endian_voxels_come_out_little_endian(convert):
    image = nibabel.Nifti1Image(counted("i2", first=-100), AFFINES["LAS"])
    header = image.header.as_byteswapped(">")
    swapped = nibabel.Nifti1Image(counted(">i2", first=-100), AFFINES["LAS"], header)
    source = swapped.to_bytes()
    assert source[:4] == b"\0\0\1\x5c"
    volume = back_in_voxels(convert(source), AFFINES["LAS"], SHAPE)
    assert (volume == counted("i2", first=-100)).all()


def test_nifti_2_is_read_alike(convert):
    source = nibabel.Nifti2Image(counted("i2", first=-100), AFFINES["oblique"]).to_bytes()
    volume = back_in_voxels(convert(source), AFFINES["oblique"], SHAPE)
    assert (volume == counted("i2", first=-100)).all()


def test_the_sform_is_preferred_to_the_qform(convert):
    image = nibabel.Nifti1Image(counted("i2"), AFFINES["LAS"])
    image.set_qform(AFFINES["RAI"], code=1)
    image.set_sform(AFFINES["oblique"], code=2)
    assert (
        back_in_voxels(convert(image.to_bytes()), AFFINES["oblique"], SHAPE) == counted("i2")
    ).all()


@pytest.mark.parametrize("orientation", AFFINES)
def test_the_qform_is_used_where_there_is_no_sform(convert, orientation):
    image = nibabel.Nifti1Image(counted("i2"), None)
    image.header.set_qform(AFFINES[orientation], code=1)
    image.header.set_sform(None, code=0)
    volume = back_in_voxels(convert(image.to_bytes()), AFFINES[orientation], SHAPE)
    assert (volume == counted("i2")).all()


@pytest.mark.parametrize(("unit", "factor"), [("meter", 0.001), ("micron", 1000)])
def test_other_units_of_length_become_mm(convert, unit, factor):
    in_unit = np.diag([factor, factor, factor, 1]) @ AFFINES["oblique"]
    image = nibabel.Nifti1Image(counted("i2"), in_unit)
    image.header.set_xyzt_units(unit, "sec")
    volume = back_in_voxels(convert(image.to_bytes()), AFFINES["oblique"], SHAPE)
    assert (volume == counted("i2")).all()


def test_one_volume_in_four_dimensions_is_a_volume(convert):
    source = nifti(counted("i2")[..., np.newaxis])
    assert (back_in_voxels(convert(source), AFFINES["oblique"], SHAPE) == counted("i2")).all()


@pytest.mark.parametrize("name", ["anatomical.nii", "standard.nii.gz", "reoriented_anat_moved.nii"])
def test_volumes_that_nibabel_ships_come_back_voxel_by_voxel(convert, name):
    path = Path(data_path) / name
    image = nibabel.load(path)
    datasets = convert(path)
    stored, places = stored_and_places(datasets)
    real = np.concatenate([real_values(d).ravel() for d in datasets])
    indices = nibabel.affines.apply_affine(np.linalg.inv(image.affine), places)
    nearest = tuple(np.rint(indices).astype(int).T)
    assert stored.size == np.prod(image.shape[:3])
    step = float(datasets[0].get("RescaleSlope", 1))
    assert np.abs(image.get_fdata()[nearest] - real).max() <= step / 2


def test_several_volumes_are_refused_for_now(convert):
    with pytest.raises(ConversionError, match="several volumes") as refused:
        convert(Path(data_path) / "example4d.nii.gz")
    assert refused.value.code == "unsupported"


@pytest.mark.parametrize("dtype", ["c8", [("R", "u1"), ("G", "u1"), ("B", "u1")]])
def test_colors_and_complex_numbers_are_refused_for_now(convert, dtype):
    with pytest.raises(ConversionError) as refused:
        convert(nibabel.Nifti1Image(np.zeros(SHAPE, dtype), np.eye(4)).to_bytes())
    assert refused.value.code == "unsupported"


def test_another_modality_is_refused_for_now(convert):
    with pytest.raises(ConversionError, match="MR or CT"):
        convert(nifti(counted("i2")), modality="PT")


def test_packed_and_plain_give_the_same_pixels(convert):
    source = nifti(counted("i2", first=-100))
    plain = [d.PixelData for d in convert(source)]
    assert [d.PixelData for d in convert(packed(source))] == plain


def test_no_text_of_the_header_survives(convert_paths):
    source = nifti(counted("i2"))
    assert all(text in source for text in PLANTED)
    for converted in convert_paths(packed(source), attributes=Attributes(patient_id="P1")):
        content = converted.path.read_bytes()
        assert not any(text in content for text in PLANTED)


SHEARED = AFFINES["RAS"] @ np.array([[1, 0.1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])


@pytest.mark.parametrize(
    ("matrix", "said"),
    [
        (AFFINES["RAS"] * np.nan, "not finite"),
        (np.zeros((4, 4)), "without length"),
        (SHEARED, "shear"),
    ],
    ids=["NaN", "zero", "shear"],
)
def test_an_affine_that_places_nothing_is_refused(convert, out, matrix, said):
    with pytest.raises(ConversionError, match=said) as refused:
        convert(nifti(counted("i2"), srow_x=matrix[0], srow_y=matrix[1], srow_z=matrix[2]))
    assert refused.value.code == "geometry"
    assert list(out.iterdir()) == []


def test_a_volume_without_any_place_is_refused(convert):
    with pytest.raises(ConversionError, match="neither sform nor qform") as refused:
        convert(nifti(counted("i2"), sform_code=0, qform_code=0))
    assert refused.value.code == "geometry"


@pytest.mark.parametrize("kept", [350, 400, -1], ids=["header", "first slice", "last byte"])
def test_a_truncated_volume_leaves_nothing_behind(convert, out, kept):
    with pytest.raises(ConversionError) as refused:
        convert(nifti(counted("i2"))[:kept])
    assert refused.value.code == "truncated"
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("missing", [1, 9, 200])
def test_a_truncated_archive_leaves_nothing_behind(convert, out, missing):
    noise = np.random.default_rng(1).integers(0, 30000, SHAPE).astype("i2")
    with pytest.raises(ConversionError) as refused:
        convert(packed(nifti(noise))[:-missing])
    assert refused.value.code == "truncated"
    assert list(out.iterdir()) == []


def test_an_archive_with_a_wrong_checksum_is_refused(convert):
    source = bytearray(packed(nifti(counted("i2"))))
    source[-6] ^= 255
    with pytest.raises(ConversionError) as refused:
        convert(bytes(source))
    assert refused.value.code == "damaged"


@pytest.mark.parametrize("pack", [bytes, packed], ids=["plain", "packed"])
def test_a_bomb_is_refused_by_its_header(convert, pack):
    source = nifti(counted("i2"), dim=[3, 32767, 32767, 32767, 1, 1, 1, 1])
    with pytest.raises(ConversionError) as refused:
        convert(pack(source))
    assert refused.value.code == "bomb"


def test_an_archive_is_unpacked_only_as_far_as_its_header_says(convert):
    source = gzip.compress(nifti(counted("i2")) + bytes(50_000_000))
    assert len(convert(source, max_bytes=100_000)) == 7


def test_a_header_that_makes_no_sense_is_refused(convert):
    for fields in ({"dim": [0] * 8}, {"dim": [3, 5, -6, 7, 1, 1, 1, 1]}, {"vox_offset": 8}):
        with pytest.raises(ConversionError) as refused:
            convert(nifti(counted("i2"), **fields))
        assert refused.value.code == "damaged"
