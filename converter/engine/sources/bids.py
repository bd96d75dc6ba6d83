"""The sidecar of a volume (BIDS, as dcm2niix writes it): the modality and a few numbers, no text.

A sidecar can hold names, dates and free text. What is not in the list below is never looked at.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from converter.engine.errors import ConversionError
from converter.engine.errors import gettext_noop as _
from converter.engine.instances import decimal_string

_LARGEST_BYTES = 1 << 20
_LARGEST_VALUE = 1e9
_MODALITIES = frozenset({"MR", "CT", "PT"})
_MS_PER_SECOND = 1000.0
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


@dataclass(frozen=True)
class Sidecar:
    """What a sidecar says: a modality or "", and values of the MR Image module by keyword."""

    modality: str = ""
    mr: Mapping[str, str] = field(default_factory=dict)


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
    )


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
