import nibabel
import numpy as np
import pytest
from nifti_places import back_in_voxels
from nifti_samples import AFFINES, SHAPE, counted, nifti, patched

from converter.engine import ConversionError


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


def test_several_values_per_voxel_are_refused_for_now(convert):
    with pytest.raises(ConversionError, match="several values") as refused:
        convert(nifti(np.zeros((*SHAPE, 1, 3), "f4")))
    assert refused.value.code == "unsupported"


@pytest.mark.parametrize("dtype", ["c8", "c16"])
def test_complex_numbers_are_refused(convert, dtype):
    with pytest.raises(ConversionError) as refused:
        convert(nibabel.Nifti1Image(np.zeros(SHAPE, dtype), np.eye(4)).to_bytes())
    assert refused.value.code == "unsupported"


def test_a_volume_without_any_place_is_refused(convert):
    with pytest.raises(ConversionError, match="neither sform nor qform") as refused:
        convert(nifti(counted("i2"), sform_code=0, qform_code=0))
    assert refused.value.code == "geometry"


def test_a_header_that_makes_no_sense_is_refused(convert):
    for fields in ({"dim": [0] * 8}, {"dim": [3, 5, -6, 7, 1, 1, 1, 1]}, {"vox_offset": 8}):
        with pytest.raises(ConversionError) as refused:
            convert(nifti(counted("i2"), **fields))
        assert refused.value.code == "damaged"


def with_qform(orientation: str, **fields: object) -> bytes:
    image = nibabel.Nifti1Image(counted("i2"), None)
    image.header.set_qform(AFFINES[orientation], code=1)
    image.header.set_sform(None, code=0)
    return patched(image.to_bytes(), image.header, fields)


def test_a_quaternion_that_is_too_long_is_a_rotation_and_no_scale(convert):
    """As nifti_quatern_to_mat44 of nifti1_io.c has it."""
    source = with_qform("LPS", quatern_b=0, quatern_c=0, quatern_d=1.2)
    volume = back_in_voxels(convert(source), AFFINES["LPS"], SHAPE)
    assert (volume == counted("i2")).all()


@pytest.mark.parametrize("axis", [1, 2, 3])
def test_a_voxel_size_below_zero_is_refused(convert, axis):
    pixdim = [1, 1.5, 2, 3, 1, 1, 1, 1]
    pixdim[axis] *= -1
    with pytest.raises(ConversionError, match="below 0") as refused:
        convert(with_qform("RAS", pixdim=pixdim))
    assert refused.value.code == "geometry"
