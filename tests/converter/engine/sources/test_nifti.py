import gzip
import hashlib
import io
from itertools import pairwise
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from nibabel.testing import data_path
from nifti_places import back_in_voxels, real_values, stored_and_places
from nifti_samples import AFFINES, SHAPE, counted, nifti, packed
from series_samples import GIVEN

from converter.engine import Attributes, ConversionError

PLANTED = (b"Mueller", b"SecretComment", b"ward7-host", b"Photoshop9")
MR, CT = "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.2"


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


def test_mr_has_one_window_over_nearly_all_its_values(convert):
    # 210 values in a row: half a percent of their 209 steps is left out at both ends.
    datasets = convert(nifti(counted("i2", first=-100)))
    assert [float(d.WindowCenter) for d in datasets] == pytest.approx([4.5] * 7)
    assert [float(d.WindowWidth) for d in datasets] == pytest.approx([206.91] * 7)
    narrow = convert(nifti(counted("f4", factor=0.001)))[0]
    assert narrow.VOILUTFunction == "LINEAR_EXACT"
    assert float(narrow.WindowWidth) == pytest.approx(0.20691)
    assert "WindowWidth" not in convert(nifti(counted("f4", factor=1e36)))[0]


@pytest.mark.parametrize("dtype", ["i2", "f4"])
def test_a_single_bright_voxel_does_not_darken_the_picture(convert, dtype):
    voxels = counted(dtype, factor=0.5 if dtype == "f4" else 1)
    voxels[1, 2, 3] = 30_000
    assert float(convert(nifti(voxels))[0].WindowWidth) < 210


def test_a_volume_of_nearly_one_value_shows_the_others(convert):
    voxels = np.zeros(SHAPE, "i2")
    voxels[1, 2, 3] = 8
    dataset = convert(nifti(voxels))[0]
    assert (dataset.WindowCenter, dataset.WindowWidth) == (4, 8)


def test_the_window_of_a_large_volume_is_measured_on_a_sample(convert):
    ramp = np.arange(2**21, dtype="f8").reshape(1024, 1024, 2) / 2**6  # 0 to 32768
    dataset = convert(nifti(ramp.astype("i2")))[0]
    assert float(dataset.WindowCenter) == pytest.approx(2**14, rel=0.01)
    assert float(dataset.WindowWidth) == pytest.approx(2**15 * 0.99, rel=0.01)


def test_ct_has_hounsfield_units_and_a_window(convert):
    dataset = convert(nifti(counted("i2", first=-100)), modality="CT")[0]
    assert (dataset.RescaleSlope, dataset.RescaleIntercept) == (1, 0)
    assert dataset.RescaleType == "HU"
    assert (dataset.WindowCenter, dataset.WindowWidth) == (40, 400)


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


@pytest.mark.parametrize("modality", ["US", "XC", "OT"])
def test_a_modality_that_no_volume_has_is_refused(convert, modality):
    with pytest.raises(ConversionError, match="MR, CT or PT"):
        convert(nifti(counted("i2")), modality=modality)


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


@pytest.mark.parametrize("modality", ["MR", "CT"])
@pytest.mark.parametrize("volumes", [1, 3])
def test_each_slice_has_the_bytes_that_pydicom_would_write(convert_paths, modality, volumes):
    voxels = np.arange(np.prod(SHAPE) * volumes, dtype="i2").reshape((*SHAPE, volumes))
    for one in convert_paths(nifti(voxels), modality=modality, attributes=GIVEN):
        dataset = pydicom.dcmread(one.path)
        list(dataset.iterall())  # decodes every element, so that pydicom encodes it anew
        stream = io.BytesIO()
        pydicom.dcmwrite(stream, dataset, enforce_file_format=True)
        assert one.path.read_bytes() == stream.getvalue()
        assert hashlib.sha256(stream.getvalue()).hexdigest() == one.sha256
        assert one.size_bytes == len(stream.getvalue())
