"""Volumes for the benchmark of conversions, and the programs of others that convert them."""

import shutil
from pathlib import Path

import nibabel
import numpy as np

from tests.bench.contestants import Contestant, make_peers
from tests.bench.conversion.workloads import LEFT_OUT

PEERS = Path(__file__).parent / "volume_peers"
PYPI = ("SimpleITK==2.5.7", "highdicom==0.28.2", "nibabel==5.4.2")
CT_SHAPE, CT_COUNT = (512, 512, 300), 10
IN_TIME_SHAPE = (64, 64, 36, 120)
LABEL_COUNT, LABELS = 10, 5
_SMALL = (32, 24, 6)


def ct_shape(is_small: bool) -> tuple[int, ...]:
    """Return the shape of the CT volumes and of the label maps."""
    return _SMALL if is_small else CT_SHAPE


def make_ct(folder: Path, count: int, shape: tuple[int, ...]) -> None:
    """Write packed CT volumes of a body in air, with the noise of a scanner."""
    random = np.random.default_rng(7)
    inside = _ellipsoid(shape, (0, 0, 0), (0.8, 0.65, 3))
    tissue = 40 + 60 * np.sin(np.linspace(0, 9, shape[0]))[:, None, None]
    body = np.where(inside, tissue, -1000).astype(np.float32)
    for number in range(count):
        noise = random.normal(0, 12, (*shape[:2], 16)).astype(np.float32)
        repeated = np.resize(np.moveaxis(noise, 2, 0), (shape[2], *shape[:2]))
        voxels = body + np.moveaxis(repeated, 0, 2)
        _save(folder / f"ct{number:02}.nii.gz", voxels.astype(np.int16))


def in_time_shape(is_small: bool) -> tuple[int, ...]:
    """Return the shape of the volumes in time."""
    return (8, 6, 4, 5) if is_small else IN_TIME_SHAPE


def make_in_time(folder: Path, shape: tuple[int, ...]) -> None:
    """Write one packed file of many small volumes, as functional MR has them."""
    random = np.random.default_rng(8)
    head = 900 * _ellipsoid(shape[:3], (0, 0, 0), (0.8, 0.9, 0.9))[..., None]
    voxels = (head + random.normal(60, 15, shape)).clip(0).astype(np.int16)
    _save(folder / "bold.nii.gz", voxels)


def make_label_maps(folder: Path, count: int, shape: tuple[int, ...]) -> None:
    """Write packed label maps of five organs."""
    for number in range(count):
        voxels = np.zeros(shape, np.uint8)
        for label in range(1, LABELS + 1):
            middle = (label / 3 - 1, 0.4 - label / 8, number / 20)
            voxels[_ellipsoid(shape, middle, (0.2, 0.25, 0.5))] = label
        _save(folder / f"case{number:02}_dseg.nii.gz", voxels)


def _ellipsoid(
    shape: tuple[int, ...], middle: tuple[float, ...], radius: tuple[float, ...]
) -> np.ndarray:
    """Return which voxels lie inside, in coordinates from -1 to 1."""
    sum_ = np.zeros(shape, np.float32)
    for axis, (size, center, half) in enumerate(zip(shape, middle, radius, strict=True)):
        along = ((np.linspace(-1, 1, size) - center) / half).astype(np.float32) ** 2
        sum_ += along.reshape([-1 if axis == other else 1 for other in range(3)])
    return sum_ < 1


def _save(path: Path, voxels: np.ndarray) -> None:
    affine = np.diag([-0.7, 0.75, 1.25, 1])
    affine[:3, 3] = 180, -190, -90
    image = nibabel.Nifti1Image(voxels, affine)
    if voxels.ndim == 4:
        image.header.set_zooms((0.7, 0.75, 1.25, 2))
    image.header.set_xyzt_units("mm", "sec")
    nibabel.save(image, path)


def not_here(program: str) -> str:
    """Return why a program of Debian cannot take part, or an empty text."""
    return "" if shutil.which(program) else f"{program} is not here; it is a package of Debian"


def looped(name: str, call: str, missing: str) -> Contestant:
    """Return a program that is started for each file; `call` has $f for it and $t for a folder."""
    script = f'mkdir "$1" && for f in "$0"/*; do t=$1/${{f##*/}}; {call} >/dev/null || exit; done'
    return Contestant(
        name, lambda sources, out: ["sh", "-c", script, str(sources), str(out)], missing=missing
    )


def scripted(name: str, script: str, room: Path, is_small: bool) -> Contestant:
    """Return a script of this folder that converts all files with libraries of PyPI."""

    def command(sources: Path, out: Path) -> list[str]:
        return [str(room / "bin" / "python"), str(PEERS / script), str(sources), str(out)]

    missing = LEFT_OUT if is_small else make_peers(room, PYPI)
    return Contestant(name, command, missing=missing)
