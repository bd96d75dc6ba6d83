"""10 label maps of 512 x 512 x 300 with 5 segments beside highdicom."""

from functools import partial
from pathlib import Path

from tests.bench.contestants import Contestant
from tests.bench.conversion import volume_sources
from tests.bench.conversion.workloads import Goal, Workload

HIGHDICOM = "highdicom"


def workload(is_small: bool) -> Workload:
    """Return the workload; a small one shows in seconds that it works."""
    count = 2 if is_small else volume_sources.LABEL_COUNT
    shape = volume_sources.ct_shape(is_small)
    return Workload(
        name="label_maps",
        title=f"{count} label maps with {volume_sources.LABELS} segments, .nii.gz",
        make=partial(volume_sources.make_label_maps, count=count, shape=shape),
        outputs=count,
        peers=partial(peers, is_small=is_small),
        goals=(Goal(HIGHDICOM, command=0.20, worker=0.15),),
        memory_mb=200,
        note="highdicom wants the images that were segmented; it gets headers made in memory.",
    )


def peers(room: Path, is_small: bool) -> list[Contestant]:
    """Return highdicom, one process for all maps."""
    return [volume_sources.scripted(HIGHDICOM, "highdicom_seg.py", room, is_small)]
