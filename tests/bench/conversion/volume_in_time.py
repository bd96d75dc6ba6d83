"""One 4D volume of 64 x 64 x 36 x 120 beside SimpleITK."""

from functools import partial
from math import prod
from pathlib import Path

from tests.bench.contestants import Contestant
from tests.bench.conversion import volume_sources
from tests.bench.conversion.workloads import Goal, Workload

SIMPLEITK = "SimpleITK"


def workload(is_small: bool) -> Workload:
    """Return the workload; a small one shows in seconds that it works."""
    shape = volume_sources.in_time_shape(is_small)
    return Workload(
        name="volume_in_time",
        title=f"4D volume {' x '.join(map(str, shape))}, .nii.gz",
        make=partial(volume_sources.make_in_time, shape=shape),
        outputs=prod(shape[2:]),
        peers=partial(peers, is_small=is_small),
        goals=(Goal(SIMPLEITK, command=0.30, worker=0.12),),
        note="SimpleITK writes each slice as in its own example of a DICOM series.",
    )


def peers(room: Path, is_small: bool) -> list[Contestant]:
    """Return SimpleITK in one process."""
    return [volume_sources.scripted(SIMPLEITK, "simpleitk_series.py", room, is_small)]
