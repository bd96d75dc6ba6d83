"""From the voxels of a volume to 16 bit stored values, with slope and intercept."""

from dataclasses import dataclass, field

import numpy as np

from converter.engine.errors import ConversionError
from converter.engine.errors import gettext_noop as _
from converter.engine.instances import decimal_string

_STEPS, _SIGNED_STEPS = 65535, 32767
EXACT = "Voxel values kept exactly."
PADDED = "Voxels without a finite value hold the pixel padding value."
_SHOWN_PERCENTILES = (0.5, 99.5)  # a few outliers must not turn the rest of the picture black


@dataclass
class Extent:
    """What has to be known of all voxels of a volume before the first one is stored.

    The window is measured on every `step`-th row and column of a slice: memory stays bounded.
    """

    step: int = 1
    lowest: float = np.inf
    highest: float = -np.inf
    is_integral: bool = True
    is_finite: bool = True
    _samples: list[np.ndarray] = field(default_factory=list)

    def add(self, values: np.ndarray) -> None:
        """Take in slices, shape (rows, columns) or (slices, rows, columns)."""
        sample = values[..., :: self.step, :: self.step].ravel()
        self._samples.append(sample[np.isfinite(sample)])
        if values.dtype.kind == "f":
            finite = values[np.isfinite(values)]
            self.is_finite &= finite.size == values.size
            self.is_integral &= bool((finite == np.rint(finite)).all())
            values = finite
        if values.size:
            self.lowest = min(self.lowest, values.min().item())
            self.highest = max(self.highest, values.max().item())

    @property
    def shown(self) -> tuple[float, float]:
        """The darkest and the brightest value that a picture should tell apart."""
        sample = np.concatenate(self._samples) if self._samples else np.empty(0)
        if not sample.size:
            return self.lowest, self.highest
        darkest, brightest = np.percentile(sample.astype(np.float64), _SHOWN_PERCENTILES)
        if darkest == brightest:  # nearly all voxels are equal: show what differs
            return self.lowest, self.highest
        return float(darkest), float(brightest)


@dataclass(frozen=True)
class Storage:
    """How voxels become stored values: real = stored * rescale_slope + rescale_intercept.

    Where `is_exact`, stored values are the source's own and the rescale is the source's scaling.
    The rescale is kept as DS text, so that what is written is what was computed with. `darkest`
    and `brightest` bound the window in real values, both 0 where no voxel is finite.
    """

    dtype: np.dtype
    is_exact: bool
    slope: float
    intercept: float
    rescale_slope: str
    rescale_intercept: str
    darkest: float
    brightest: float
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
        limits = np.iinfo(self.dtype)
        return np.clip(np.rint(stored), limits.min, limits.max).astype(self.dtype)

    @property
    def is_rescaled(self) -> bool:
        return (float(self.rescale_slope), float(self.rescale_intercept)) != (1.0, 0.0)


def storage_from_zero(dtype: np.dtype, extent: Extent, slope: float, intercept: float) -> Storage:
    """Decide how the voxels of a PET are stored: as `choose_storage`, but with intercept 0.

    References
    ----------
    DICOM PS3.3 C.8.9.4.1.7, Rescale Intercept of the PET Image.
    """
    is_exact = intercept == 0 and _exact_dtype(dtype, extent) is not None
    if is_exact:
        return choose_storage(dtype, extent, slope, intercept)
    ends = _in_real_values((extent.lowest, extent.highest), slope, intercept)
    shown = _shown_limits(extent, slope, intercept)
    step = decimal_string(max(map(abs, ends)) / _SIGNED_STEPS or 1.0)
    note = f"Scaled to 16 bit; voxel values are within half a step of {step}."
    padding = None if extent.is_finite else -_SIGNED_STEPS - 1
    notes = (note,) if padding is None else (note, PADDED)
    return Storage(
        np.dtype("<i2"), False, slope, intercept, step, "0", *shown, padding=padding, notes=notes
    )


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
        shown = _shown_limits(extent, slope, intercept)
        return Storage(stored, True, slope, intercept, *texts, *shown, notes=(EXACT,))
    return _scaled(extent, slope, intercept)


def _shown_limits(extent: Extent, slope: float, intercept: float) -> tuple[float, float]:
    return _in_real_values(extent.shown, slope, intercept)


def _in_real_values(
    limits: tuple[float, float], slope: float, intercept: float
) -> tuple[float, float]:
    ends = [value * slope + intercept for value in limits]
    if limits[0] > limits[1]:
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
        _(
            "The voxel values of this volume reach further than DICOM can hold. "
            "Scale them down and save the volume again."
        ),
        "unsupported",
    )


def _scaled(extent: Extent, slope: float, intercept: float) -> Storage:
    """Spread the finite values over the unsigned range; 0 is left free where it means padding."""
    padding = None if extent.is_finite else 0
    first = 0 if padding is None else 1
    lowest, highest = _in_real_values((extent.lowest, extent.highest), slope, intercept)
    darkest, brightest = _shown_limits(extent, slope, intercept)
    step = decimal_string((highest - lowest) / (_STEPS - first) or 1.0)
    note = f"Scaled to 16 bit; voxel values are within half a step of {step}."
    return Storage(
        dtype=np.dtype("<u2"),
        is_exact=False,
        slope=slope,
        intercept=intercept,
        rescale_slope=step,
        rescale_intercept=decimal_string(lowest - first * float(step)),
        darkest=darkest,
        brightest=brightest,
        padding=padding,
        notes=(note,) if padding is None else (note, PADDED),
    )
