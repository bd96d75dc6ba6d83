"""Volumes of colors become Secondary Captures with their place."""

import numpy as np
import pytest
from nifti_places import back_in_voxels
from nifti_samples import AFFINES, SHAPE, nifti, packed
from series_samples import GIVEN

CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
RGB = [("R", "u1"), ("G", "u1"), ("B", "u1")]


def colored(names=RGB) -> np.ndarray:
    """Make voxels of which no two have the same red."""
    voxels = np.zeros(SHAPE, names)
    voxels["R"] = np.arange(210).reshape(SHAPE)
    voxels["G"] = 255 - voxels["R"]
    voxels["B"][1:] = 90
    return voxels


class OneColor:
    """A dataset as one of a single color, for what reads gray ones."""

    def __init__(self, dataset, channel: int) -> None:
        self.dataset, self.channel = dataset, channel

    def __getattr__(self, name: str):
        return getattr(self.dataset, name)

    @property
    def pixel_array(self) -> np.ndarray:
        return self.dataset.pixel_array[..., self.channel]


@pytest.mark.parametrize("orientation", AFFINES)
def test_every_color_comes_back_from_where_its_pixel_lies(convert, orientation):
    voxels = colored()
    datasets = convert(packed(nifti(voxels, AFFINES[orientation])))
    assert {(d.SOPClassUID, d.PhotometricInterpretation) for d in datasets} == {(CAPTURE, "RGB")}
    for channel, name in enumerate("RGB"):
        found = back_in_voxels(
            [OneColor(d, channel) for d in datasets], AFFINES[orientation], SHAPE
        )
        assert (found == voxels[name]).all()


def test_transparent_parts_are_laid_on_black_and_said_so(convert):
    voxels = colored([*RGB, ("A", "u1")])
    voxels["A"][:3] = 255
    voxels["A"][3] = 51  # a fifth
    datasets = convert(nifti(voxels, AFFINES["LPS"]))
    found = back_in_voxels([OneColor(d, 1) for d in datasets], AFFINES["LPS"], SHAPE)
    assert (found[:3] == voxels["G"][:3]).all()
    assert np.abs(found[3] - voxels["G"][3] / 5).max() <= 0.5
    assert (found[4] == 0).all()
    assert "black" in datasets[0].DerivationDescription


@pytest.mark.parametrize("given", [{}, {"attributes": GIVEN}], ids=["bare", "attributes"])
def test_the_validator_finds_no_error(convert_paths, dciodvfy_errors, given):
    written = convert_paths(nifti(colored()), **given)
    assert dciodvfy_errors(written[0].path) == []
