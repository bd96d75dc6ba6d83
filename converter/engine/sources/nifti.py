"""NIfTI volumes: one MR or CT instance per slice, or one Segmentation of a label map."""

import math
from pathlib import Path

from converter.engine.errors import ConversionError
from converter.engine.errors import gettext_noop as _
from converter.engine.geometry import planes_from_affine
from converter.engine.options import Job, Options
from converter.engine.output import Outbox
from converter.engine.sources.bids import read_sidecar
from converter.engine.sources.nifti_instance import SliceInfo, Times, new_slice, set_slice
from converter.engine.sources.nifti_scaling import Extent, Storage, choose_storage
from converter.engine.sources.nifti_volume import Volume, checked_header, read_head, unpacked

_SAMPLED_VOXELS = 1 << 20


def convert(source: Path, job: Job, box: Outbox) -> None:
    """Write what a volume is: slices in the order of their normal, or segments.

    Memory holds one slice; a packed volume is unpacked to an unnamed file in the target folder.
    """
    header = checked_header(read_head(source), job.options)
    planes = planes_from_affine(header.affine, header.shape)
    with unpacked(job.options.voxels or source, header, box.target_dir) as file:
        volume = Volume(file, header, planes)
        if _holds_labels(volume, job.options):
            _write_labels(volume, job, box)
        else:
            _write_images(volume, job, box)


def _holds_labels(volume: Volume, options: Options) -> bool:
    from converter.engine.sources.labels import is_label_map

    if options.volumes:
        return options.volumes == "labels"
    if volume.header.is_label_map:
        return True
    return options.is_named_label_map and is_label_map(volume)


def _write_labels(volume: Volume, job: Job, box: Outbox) -> None:
    from converter.engine.sources.label_names import read_label_names
    from converter.engine.sources.labels import Labels
    from converter.engine.sources.segmentation import write_segmentation

    if volume.header.volumes > 1:
        raise ConversionError(
            _(
                "This label map has several volumes, and a Segmentation has one. "
                "Split it into one file per volume, or convert it as an image."
            ),
            "unsupported",
        )
    names = read_label_names(job.options.labels, job.options.sidecar)
    write_segmentation(job, box, Labels(volume), names)


def _write_images(volume: Volume, job: Job, box: Outbox) -> None:
    header = volume.header
    extent = _extent(volume)
    storage = choose_storage(header.dtype, extent, header.slope, header.intercept)
    _write_slices(volume, storage, job, box)


def _extent(volume: Volume) -> Extent:
    voxel_count = math.prod(volume.header.shape) * volume.header.volumes
    extent = Extent(step=math.ceil(math.sqrt(voxel_count / _SAMPLED_VOXELS)))
    for index in range(volume.slice_count):
        extent.add(volume.slice(index))
    return extent


def _write_slices(volume: Volume, storage: Storage, job: Job, box: Outbox) -> None:
    columns, rows, slices = volume.header.shape
    times = Times(volume.header.volumes, volume.header.interval_ms)
    sidecar = read_sidecar(job.options.sidecar)
    info = SliceInfo(rows, columns, slices, volume.planes, storage, times, sidecar)
    dataset = new_slice(job, info)
    for index in range(volume.slice_count):
        stored = storage.encode(volume.slice(index))
        set_slice(dataset, job, index, info, stored)
        box.write(dataset)
