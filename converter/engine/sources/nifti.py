"""NIfTI volumes: one MR or CT instance per slice, or one Segmentation of a label map."""

from pathlib import Path

from converter.engine.errors import ConversionError
from converter.engine.errors import gettext_noop as _
from converter.engine.geometry import planes_from_affine
from converter.engine.options import Job, Options
from converter.engine.output import Outbox
from converter.engine.sources.nifti_slices import write_slices
from converter.engine.sources.nifti_volume import Volume, checked_header, read_head, unpacked


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
            write_slices(volume, job, box)


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
