"""The sidecar of a volume (BIDS, as dcm2niix writes it): the modality and a few numbers, no text.

A sidecar can hold names, dates and free text. What is not in the list below is never looked at.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from converter.engine.errors import ConversionError
from converter.engine.errors import gettext_noop as _
from converter.engine.instances import decimal_string

_LARGEST_BYTES = 1 << 20
_LARGEST_VALUE = 1e9
_MODALITIES = frozenset({"MR", "CT", "PT"})
_MS_PER_SECOND = 1000.0
# Units of BIDS in small letters: defined terms of PS3.3 C.8.9.1.1.3.
_UNITS = {
    "bq/ml": "BQML",
    "becquerel/ml": "BQML",
    "cps": "CPS",
    "counts": "CNTS",
    "g/ml": "GML",
    "unitless": "NONE",
    "1/cm": "1CM",
    "ml/ml": "MLML",
    "ml/g": "MLG",
}
# BIDS key, which is the DICOM keyword too: factor from the unit of BIDS to that of PS3.3 C.8.3.1.
# An Inversion Time is allowed only beside a Scanning Sequence IR, which sidecars tell as text.
_MR_NUMBERS = {
    "RepetitionTime": _MS_PER_SECOND,
    "EchoTime": _MS_PER_SECOND,
    "FlipAngle": 1.0,
    "MagneticFieldStrength": 1.0,
    "ImagingFrequency": 1.0,
    "PixelBandwidth": 1.0,
}


_LONGEST_LIST = 65536


@dataclass(frozen=True)
class Pet:
    """What the sidecar of a PET says: a term of Units, and for each frame its times in seconds.

    `decay_factors` is empty, and `decay_correction` NONE, where the frames are not said to be
    corrected.
    """

    units: str = ""
    starts: tuple[float, ...] = ()
    durations: tuple[float, ...] = ()
    decay_factors: tuple[float, ...] = ()
    decay_correction: str = "NONE"

    def of_frames(self, count: int) -> Self:
        """Return what holds for a PET of `count` frames: lists of another length are left out."""
        told = self
        if not len(self.starts) == len(self.durations) == count:
            told = replace(told, starts=(), durations=())
        if len(self.decay_factors) != count:
            told = replace(told, decay_factors=(), decay_correction="NONE")
        return told


@dataclass(frozen=True)
class Sidecar:
    """What a sidecar says: a modality or "", and values of the MR Image module by keyword."""

    modality: str = ""
    mr: Mapping[str, str] = field(default_factory=dict)
    pet: Pet = field(default_factory=Pet)


def read_sidecar(path: Path | None) -> Sidecar:
    """Read the technical values of a sidecar; without one there are none.

    Parameters
    ----------
    path : Path or None
        A JSON object with keys of BIDS, times in seconds.

    Returns
    -------
    Sidecar
        Times in ms. What is no positive number is left out.

    Raises
    ------
    ConversionError
        Code "damaged", if the file is no JSON object of at most 1 MiB.

    References
    ----------
    Brain Imaging Data Structure, Magnetic Resonance Imaging, sidecar JSON.
    """
    if path is None:
        return Sidecar()
    given = _read_object(path)
    modality = given.get("Modality")
    numbers = {key: _number(given.get(key), factor) for key, factor in _MR_NUMBERS.items()}
    return Sidecar(
        modality=modality if isinstance(modality, str) and modality in _MODALITIES else "",
        mr={key: number for key, number in numbers.items() if number},
        pet=_pet(given),
    )


def _pet(given: Mapping[str, Any]) -> Pet:
    """Read the times and units of a PET, as BIDS names them."""
    units = given.get("Units")
    factors = _numbers(given.get("DecayCorrectionFactor"))
    is_corrected = given.get("ImageDecayCorrected") is True and all(f > 0 for f in factors)
    return Pet(
        units=_UNITS.get(units.strip().lower(), "") if isinstance(units, str) else "",
        starts=_numbers(given.get("FrameTimesStart")),
        durations=_numbers(given.get("FrameDuration")),
        decay_factors=factors if is_corrected else (),
        decay_correction=_corrected_to(given) if factors and is_corrected else "NONE",
    )


def _corrected_to(given: Mapping[str, Any]) -> str:
    """Return to which time decay was corrected, PS3.3 C.8.9.1: the injection, or the start."""
    keys = ("ImageDecayCorrectionTime", "InjectionStart", "ScanStart")
    corrected_to, injection, start = (given.get(key) for key in keys)
    is_told = isinstance(corrected_to, int | float)
    return "ADMIN" if is_told and corrected_to == injection != start else "START"


def _numbers(value: object) -> tuple[float, ...]:
    """Return a list of numbers from 0, () for anything else."""
    if not isinstance(value, list) or len(value) > _LONGEST_LIST:
        return ()
    are_numbers = (
        isinstance(one, int | float) and not isinstance(one, bool) and 0 <= one < _LARGEST_VALUE
        for one in value
    )
    return tuple(float(one) for one in value) if all(are_numbers) else ()


def _read_object(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        content = file.read(_LARGEST_BYTES + 1)
    try:
        given = json.loads(content) if len(content) <= _LARGEST_BYTES else None
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise ConversionError(
            _(
                "The sidecar (.json) beside this volume cannot be read. "
                "Correct it, or leave it out."
            ),
            "damaged",
        )
    return given


def _number(value: object, factor: float) -> str:
    """Return the value as DS, or "" for what cannot be one."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return ""
    if not 0 < value < _LARGEST_VALUE or not math.isfinite(value):
        return ""
    return decimal_string(round(value * factor, 9))
