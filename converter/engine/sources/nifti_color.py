"""Volumes of colors: one Secondary Capture per slice, with its place in the patient."""

from collections.abc import Iterator

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

from converter.engine.encoding import pixel_head
from converter.engine.instances import ObjectClass, instance_uid, new_instance, number_instance
from converter.engine.options import Job
from converter.engine.output import Outbox
from converter.engine.sources.nifti_instance import add_plane, position_texts
from converter.engine.sources.nifti_volume import Volume
from converter.engine.stencil import SOP_INSTANCE_UID, Stencil

_INSTANCE_NUMBER, _IMAGE_POSITION = 0x00200013, 0x00200032
_RGB = 3
ON_BLACK = "Transparent parts were laid on black."


def write_colors(volume: Volume, job: Job, box: Outbox) -> None:
    """Write the slices of an RGB or RGBA volume, volume after volume.

    The place of a slice is no part of a Secondary Capture in the standard; it is written beyond
    it (Standard Extended SOP Class), since viewers use it.

    References
    ----------
    DICOM PS3.3 A.8.1, C.8.6.1; PS3.2 3.10.2, Standard Extended SOP Class.
    """
    slices = volume.header.shape[2]
    dataset = _new_color(volume, job)
    size = dataset.Rows * dataset.Columns * _RGB
    stencil = Stencil.of(dataset, (_INSTANCE_NUMBER, _IMAGE_POSITION))
    end = bytes(size % 2)
    before_pixels = pixel_head("OB", size + len(end))
    positions = position_texts(volume.planes, slices)
    for index, pixels in enumerate(_pixels(volume)):
        uid = instance_uid(job, index)
        values = {
            SOP_INSTANCE_UID: uid,
            _INSTANCE_NUMBER: str(job.series.first_instance_number + index),
            _IMAGE_POSITION: positions[index % slices],
        }
        content = b"".join((stencil.filled(values), before_pixels, pixels, end))
        box.write_encoded(uid, str(dataset.SOPClassUID), (content,))


def _new_color(volume: Volume, job: Job) -> Dataset:
    header = volume.header
    modality = job.options.modality or "OT"
    dataset = new_instance(job, ObjectClass(SecondaryCaptureImageStorage, modality))
    number_instance(dataset, job, 0)
    dataset.ConversionType = "WSD"
    dataset.ImageType = ["DERIVED", "SECONDARY"]
    notes = (*header.notes, *([ON_BLACK] if header.samples > _RGB else []))
    dataset.DerivationDescription = " ".join(notes or ("Voxel values kept exactly.",))
    dataset.LossyImageCompression = "00"
    dataset.PatientOrientation = None
    add_plane(dataset, job, volume.planes)
    dataset.pop("PatientPosition", None)
    dataset.ImagePositionPatient = position_texts(volume.planes, 1)[0]
    columns, rows, _slices = header.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = _RGB, "RGB"
    dataset.PlanarConfiguration = 0
    dataset.Rows, dataset.Columns = rows, columns
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
    dataset.PixelRepresentation = 0
    return dataset


def _pixels(volume: Volume) -> Iterator[bytes]:
    for block in volume.blocks():
        colors = block[..., :_RGB]
        if volume.header.samples > _RGB:
            alpha = block[..., _RGB:].astype(np.uint16)
            colors = ((colors * alpha + 127) // 255).astype(np.uint8)
        yield from (one.tobytes() for one in colors)
