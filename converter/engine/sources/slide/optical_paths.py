"""The Optical Path module of a slide."""

from collections.abc import Sequence

from pydicom.dataset import Dataset

from converter.engine.instances import decimal_string
from converter.engine.multiframe import code
from converter.engine.sources.slide.optics import OpticalPath

_WHITE_LIGHT = ("371251000", "SCT", "White")


def add_optical_paths(
    dataset: Dataset, paths: Sequence[OpticalPath], magnification: float, icc_profile: bytes
) -> None:
    """Optical Path module; `icc_profile` is empty for gray.

    References
    ----------
    DICOM PS3.3 C.8.12.5.
    """
    dataset.NumberOfOpticalPaths = len(paths)
    dataset.OpticalPathSequence = [
        _item(str(number), path, magnification, icc_profile)
        for number, path in enumerate(paths, start=1)
    ]


def _item(identifier: str, path: OpticalPath, magnification: float, icc_profile: bytes) -> Dataset:
    item = Dataset()
    item.OpticalPathIdentifier = identifier
    if path.description:
        item.OpticalPathDescription = path.description
    item.IlluminationTypeCodeSequence = [code(*path.illumination)]
    if path.wavelength_nm:
        item.IlluminationWaveLength = path.wavelength_nm
    else:  # the standard wants one of the two
        item.IlluminationColorCodeSequence = [code(*_WHITE_LIGHT)]
    if magnification:
        item.ObjectiveLensPower = decimal_string(magnification)
    if icc_profile:
        item.ICCProfile = icc_profile
    return item
