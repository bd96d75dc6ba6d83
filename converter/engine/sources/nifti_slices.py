"""The slices of a volume, written one by one: a header that is encoded once, and pixels."""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from pydicom.datadict import dictionary_VR

from converter.engine.encoding import pixel_head
from converter.engine.instances import instance_uid, number_instance
from converter.engine.options import Job
from converter.engine.output import Outbox
from converter.engine.sources.bids import read_sidecar
from converter.engine.sources.nifti_instance import (
    SliceInfo,
    Times,
    modality_of,
    new_slice,
    slice_values,
)
from converter.engine.sources.nifti_scaling import (
    Extent,
    Storage,
    choose_storage,
    storage_from_zero,
)
from converter.engine.sources.nifti_volume import Volume
from converter.engine.stencil import SOP_INSTANCE_UID, Stencil

_SAMPLED_VOXELS = 1 << 20


def write_slices(volume: Volume, job: Job, box: Outbox) -> None:
    """Write one instance per slice, in the order of the slices along their normal.

    Memory holds a few slices; the voxels are read twice, once for their extent.
    """
    header = volume.header
    told = read_sidecar(job.options.sidecar)
    sidecar = replace(told, pet=told.pet.of_frames(header.volumes))
    choose = storage_from_zero if modality_of(job, sidecar) == "PT" else choose_storage
    storage = choose(header.dtype, extent_of(volume), header.slope, header.intercept)
    columns, rows, slices = header.shape
    times = Times(header.volumes, header.interval_ms)
    info = SliceInfo(rows, columns, slices, volume.planes, storage, times, sidecar, header.notes)
    _write(volume, info, job, box)


def extent_of(volume: Volume) -> Extent:
    """Return what has to be known of all voxels before the first one is written."""
    voxel_count = math.prod(volume.header.shape) * volume.header.volumes
    extent = Extent(step=math.ceil(math.sqrt(voxel_count / _SAMPLED_VOXELS)))
    for block in volume.blocks():
        extent.add(block)
    return extent


def _write(volume: Volume, info: SliceInfo, job: Job, box: Outbox) -> None:
    """Write every slice; what pydicom would write for each is filled into one encoded header."""
    dataset = new_slice(job, info)
    number_instance(dataset, job, 0)
    values = slice_values(job, 0, info)
    for tag, value in values.items():
        number = int.from_bytes(value, "little") if isinstance(value, bytes) else value
        dataset.add_new(tag, dictionary_VR(tag), number)
    stencil = Stencil.of(dataset, tuple(values))
    sop_class_uid = str(dataset.SOPClassUID)
    before_pixels = pixel_head("OW", info.rows * info.columns * info.storage.dtype.itemsize)
    for index, pixels in enumerate(_pixels(volume, info.storage)):
        uid = instance_uid(job, index)
        head = stencil.filled({SOP_INSTANCE_UID: uid, **slice_values(job, index, info)})
        box.write_encoded(uid, sop_class_uid, (b"".join((head, before_pixels, pixels)),))


def _pixels(volume: Volume, storage: Storage) -> Iterator[memoryview]:
    """Yield the stored values of each slice as bytes."""
    for block in volume.blocks():
        stored = np.ascontiguousarray(storage.encode(block))
        yield from (memoryview(one).cast("B") for one in stored)
