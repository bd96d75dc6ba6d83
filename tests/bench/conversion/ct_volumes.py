"""10 CT volumes of 512 x 512 x 300 beside plastimatch."""

from functools import partial
from pathlib import Path

from tests.bench.contestants import Contestant
from tests.bench.conversion import volume_sources
from tests.bench.conversion.workloads import Goal, Workload

PLASTIMATCH = "plastimatch in a loop"


def workload(is_small: bool) -> Workload:
    """Return the workload; a small one shows in seconds that it works."""
    count, shape = (2 if is_small else volume_sources.CT_COUNT), volume_sources.ct_shape(is_small)
    return Workload(
        name="ct_volumes",
        title=f"{count} CT volumes {shape[0]} x {shape[1]} x {shape[2]}, .nii.gz",
        make=partial(volume_sources.make_ct, count=count, shape=shape),
        outputs=count * shape[2],
        peers=peers,
        goals=(Goal(PLASTIMATCH, command=0.35, worker=0.30),),
        memory_mb=200,
        arguments=(),
        note="`plastimatch convert` takes one volume at a time and keeps no checksum.",
        packages=("plastimatch",),
    )


def peers(room: Path) -> list[Contestant]:
    """Return plastimatch, started for each volume."""
    missing = volume_sources.not_here("plastimatch")
    call = 'plastimatch convert --input "$f" --output-dicom "$t"'
    return [volume_sources.looped(PLASTIMATCH, call, missing)]
