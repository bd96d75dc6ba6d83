"""From the voxels of a volume to 16 bit stored values, with slope and intercept."""

from dataclasses import dataclass

import numpy as np

from converter.engine.errors import ConversionError
from converter.engine.instances import decimal_string

_STEPS = 65535
EXACT = "Voxel values kept exactly."
PADDED = "Voxels without a finite value hold the pixel padding value."


@dataclass
class Extent:
    """What has to be known of all voxels of a volume before the first one is stored."""

    lowest: float = np.inf
    highest: float = -np.inf
    is_integral: bool = True
    is_finite: bool = True

    def add(self, values: np.ndarray) -> None:
        if values.dtype.kind == "f":
            finite = values[np.isfinite(values)]
            self.is_finite &= finite.size == values.size
            self.is_integral &= bool((finite == np.rint(finite)).all())
            values = finite
        if values.size:
            self.lowest = min(self.lowest, values.min().item())
            self.highest = max(self.highest, values.max().item())


@dataclass(frozen=True)
class Storage:
    """How voxels become stored values: real = stored * rescale_slope + rescale_intercept.

    Where `is_exact`, stored values are the source's own and the rescale is the source's scaling.
    The rescale is kept as DS text, so that what is written is what was computed with. `lowest`
    and `highest` are real values, both 0 where no voxel is finite.
    """

    dtype: np.dtype
    is_exact: bool
    slope: float
    intercept: float
    rescale_slope: str
    rescale_intercept: str
    lowest: float
    highest: float
    padding: int | None = None
    notes: tuple[str, ...] = ()

    def encode(self, values: np.ndarray) -> np.ndarray:
        """Return the stored values of raw voxels, in the same shape."""
        if self.is_exact:
            return values.astype(self.dtype, copy=False)
        with np.errstate(invalid="ignore"):  # what is no number is replaced below
            real = values.astype(np.float64) * self.slope + self.intercept
            stored = (real - float(self.rescale_intercept)) / float(self.rescale_slope)
        if self.padding is not None:
            stored[~np.isfinite(values)] = self.padding
        return np.clip(np.rint(stored), 0, _STEPS).astype(self.dtype)

    @property
    def is_rescaled(self) -> bool:
        return (float(self.rescale_slope), float(self.rescale_intercept)) != (1.0, 0.0)


def choose_storage(dtype: np.dtype, extent: Extent, slope: float, intercept: float) -> Storage:
    """Decide how the voxels of a volume are stored in 16 bit.

    Parameters
    ----------
    dtype : dtype
        Of the source's voxels.
    extent : Extent
        Of all voxels, before slope and intercept.
    slope, intercept : float
        The source's own scaling.

    Returns
    -------
    Storage
        Exact where every voxel is a whole number that fits in 16 bit, signed or not as in the
        source; else scaled, with an error of at most half a step.

    References
    ----------
    DICOM PS3.3 C.11.1, Modality LUT Module.
    """
    stored = _exact_dtype(dtype, extent)
    if stored is not None:
        texts = decimal_string(slope), decimal_string(intercept)
        limits = _real_limits(extent, slope, intercept)
        return Storage(stored, True, slope, intercept, *texts, *limits, notes=(EXACT,))
    return _scaled(extent, slope, intercept)


def _real_limits(extent: Extent, slope: float, intercept: float) -> tuple[float, float]:
    ends = [value * slope + intercept for value in (extent.lowest, extent.highest)]
    if extent.lowest > extent.highest:
        return 0.0, 0.0
    if not np.isfinite(max(ends) - min(ends)):
        raise _too_wide()
    return min(ends), max(ends)


def _exact_dtype(dtype: np.dtype, extent: Extent) -> np.dtype | None:
    if not extent.is_finite or not extent.is_integral:
        return None
    is_signed = extent.lowest < 0 if dtype.kind == "f" or dtype.itemsize > 2 else dtype.kind == "i"
    for candidate in (np.dtype("<i2"), np.dtype("<u2")):
        limits = np.iinfo(candidate)
        fits = limits.min <= extent.lowest and extent.highest <= limits.max
        if fits and is_signed == (candidate.kind == "i"):
            return candidate
    return None


def _too_wide() -> ConversionError:
    return ConversionError(
        "The voxel values of this volume reach further than DICOM can hold. "
        "Scale them down and save the volume again.",
        "unsupported",
    )


def _scaled(extent: Extent, slope: float, intercept: float) -> Storage:
    """Spread the finite values over the unsigned range; 0 is left free where it means padding."""
    padding = None if extent.is_finite else 0
    first = 0 if padding is None else 1
    lowest, highest = _real_limits(extent, slope, intercept)
    step = decimal_string((highest - lowest) / (_STEPS - first) or 1.0)
    note = f"Scaled to 16 bit; voxel values are within half a step of {step}."
    return Storage(
        dtype=np.dtype("<u2"),
        is_exact=False,
        slope=slope,
        intercept=intercept,
        rescale_slope=step,
        rescale_intercept=decimal_string(lowest - first * float(step)),
        lowest=lowest,
        highest=highest,
        padding=padding,
        notes=(note,) if padding is None else (note, PADDED),
    )
