"""Headers whose voxels lie in a second file."""

import gzip
from pathlib import Path

import nibabel
import numpy as np
import pytest
from nibabel.testing import data_path
from nifti_places import back_in_voxels
from nifti_samples import AFFINES, SHAPE, counted

from converter.engine import ConversionError

AFFINE = AFFINES["oblique"]


def pair(folder: Path, kind: type = nibabel.Nifti1Pair) -> tuple[Path, Path]:
    """Write a pair and return the paths of header and voxels."""
    nibabel.save(kind(counted("i2", first=-100), AFFINE), folder / "brain.hdr")
    return folder / "brain.hdr", folder / "brain.img"


def pack(path: Path) -> Path:
    path.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    return path


@pytest.mark.parametrize("kind", [nibabel.Nifti1Pair, nibabel.Nifti2Pair])
def test_the_voxels_of_a_pair_come_back_from_where_they_lie(convert, tmp_path, kind):
    header, voxels = pair(tmp_path, kind)
    datasets = convert(header, voxels=voxels)
    assert (back_in_voxels(datasets, AFFINE, SHAPE) == counted("i2", first=-100)).all()


def test_either_file_of_a_pair_may_be_packed(convert, tmp_path):
    header, voxels = pair(tmp_path)
    plain = [d.PixelData for d in convert(header, voxels=voxels)]
    assert [d.PixelData for d in convert(header, voxels=pack(voxels))] == plain
    assert [d.PixelData for d in convert(pack(header), voxels=voxels)] == plain


@pytest.mark.parametrize("pack_voxels", [False, True])
def test_voxels_that_end_too_early_leave_nothing_behind(convert, out, tmp_path, pack_voxels):
    header, voxels = pair(tmp_path)
    voxels.write_bytes(voxels.read_bytes()[:-1])
    with pytest.raises(ConversionError) as refused:
        convert(header, voxels=pack(voxels) if pack_voxels else voxels)
    assert refused.value.code == "truncated"
    assert list(out.iterdir()) == []


def test_voxels_that_start_beyond_the_end_are_refused(convert, tmp_path):
    header, voxels = pair(tmp_path)
    content = bytearray(header.read_bytes())
    content[108:112] = np.float32(1e6).tobytes()
    header.write_bytes(content)
    with pytest.raises(ConversionError) as refused:
        convert(header, voxels=voxels)
    assert refused.value.code == "truncated"


def test_analyze_is_refused_as_it_says_nothing_of_sides(convert):
    with pytest.raises(ConversionError, match="which side is left") as refused:
        convert(Path(data_path) / "analyze.hdr")
    assert refused.value.code == "geometry"
