"""The slices of a volume, written one by one: a header that is encoded once, and pixels."""

import math
from collections.abc import Iterator

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
    new_slice,
    slice_values,
)
from converter.engine.sources.nifti_scaling import Extent, Storage, choose_storage
from converter.engine.sources.nifti_volume import Volume
from converter.engine.stencil import SOP_INSTANCE_UID, Stencil

_SAMPLED_VOXELS = 1 << 20


def write_slices(volume: Volume, job: Job, box: Outbox) -> None:
    """Write one instance per slice, in the order of the slices along their normal.

    Memory holds a few slices; the voxels are read twice, once for their extent.
    """
    header = volume.header
    extent = _extent(volume)
    storage = choose_storage(header.dtype, extent, header.slope, header.intercept)
    columns, rows, slices = header.shape
    times = Times(header.volumes, header.interval_ms)
    sidecar = read_sidecar(job.options.sidecar)
    info = SliceInfo(rows, columns, slices, volume.planes, storage, times, sidecar)
    _write(volume, info, job, box)


def _extent(volume: Volume) -> Extent:
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
    for tag, text in values.items():
        dataset.add_new(tag, dictionary_VR(tag), text)
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
