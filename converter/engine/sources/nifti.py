"""NIfTI volumes: slices of MR, CT or PET, colors, floating point maps, or segments of labels."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np

from converter.engine.errors import ConversionError
from converter.engine.errors import gettext_noop as _
from converter.engine.geometry import Planes, check_affine, is_sheared, planes_from_affine
from converter.engine.options import Job, Options
from converter.engine.output import Outbox
from converter.engine.sources.nifti_header import NiftiHeader
from converter.engine.sources.nifti_slices import extent_of, write_slices
from converter.engine.sources.nifti_volume import Volume, checked_header, read_head, unpacked


def convert(source: Path, job: Job, box: Outbox) -> None:
    """Write what a volume is.

    Memory holds a few slices; a packed volume is unpacked to an unnamed file in the target folder.
    """
    header = checked_header(read_head(source), job.options)
    check_affine(header.affine)
    is_to_be_straightened = job.options.straighten and is_sheared(header.affine)
    planes = None if is_to_be_straightened else planes_from_affine(header.affine, header.shape)
    with ExitStack() as stack:
        file = stack.enter_context(unpacked(job.options.voxels or source, header, box.target_dir))
        is_labels = _holds_labels(Volume(file, header, planes or _as_stored(header)), job.options)
        if planes is None:
            from converter.engine.sources.straightening import straightened

            file, header = stack.enter_context(
                straightened(
                    file, header, job.options, is_labels=is_labels, work_dir=box.target_dir
                )
            )
            planes = planes_from_affine(header.affine, header.shape)
        _write(Volume(file, header, planes), job, box, is_labels)


def _as_stored(header: NiftiHeader) -> Planes:
    """Return planes that read a volume in the order in which it is stored."""
    return replace(planes_from_affine(np.eye(4), header.shape), flips=(False, False, False))


def _write(volume: Volume, job: Job, box: Outbox, is_labels: bool) -> None:
    if is_labels:
        _write_labels(volume, job, box)
    elif volume.header.samples > 1:
        from converter.engine.sources.nifti_color import write_colors

        write_colors(volume, job, box)
    elif job.options.parametric_maps and volume.header.dtype.kind == "f":
        from converter.engine.sources.parametric_map import write_parametric_map

        write_parametric_map(volume, extent_of(volume), job, box)
    else:
        write_slices(volume, job, box)


def _holds_labels(volume: Volume, options: Options) -> bool:
    from converter.engine.sources.labels import is_label_map

    if options.volumes:
        return options.volumes == "labels"
    if volume.header.samples > 1:
        return False
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
    if volume.header.samples > 1:
        raise ConversionError(
            _("This volume holds colors, not labels. Convert it as an image."), "unsupported"
        )
    names = read_label_names(job.options.labels, job.options.sidecar, volume.extension())
    write_segmentation(job, box, Labels(volume), names)
