"""Volumes of floating point numbers as Parametric Maps: every number as it is."""

from collections.abc import Iterator
from itertools import chain

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import ParametricMapStorage

from converter.engine.encoding import element_head, encoded, item_head, sequence_head
from converter.engine.errors import ConversionError
from converter.engine.errors import gettext_noop as _
from converter.engine.instances import (
    ObjectClass,
    decimal_string,
    decimal_strings,
    new_instance,
    number_instance,
)
from converter.engine.multiframe import add_content, add_dimensions, code, item, plane_groups
from converter.engine.options import Job
from converter.engine.output import Outbox
from converter.engine.sources.bids import read_sidecar
from converter.engine.sources.nifti_instance import WIDEST_WINDOW, modality_of
from converter.engine.sources.nifti_scaling import EXACT, Extent
from converter.engine.sources.nifti_volume import Volume
from converter.engine.stencil import SOP_INSTANCE_UID, Stencil
from converter.engine.uids import derive_uid

_FLOAT, _DOUBLE = (0x7FE00008, "OF"), (0x7FE00009, "OD")
_LARGEST_VALUE = 2**32 - 2
_PER_FRAME_GROUPS = 0x52009230
_POSITION = (0x00200032, 0x00209113, "Image Position (Patient)")
_TYPE = ["DERIVED", "PRIMARY", "VOLUME", "NONE"]


def write_parametric_map(volume: Volume, extent: Extent, job: Job, box: Outbox) -> None:
    """Write one Parametric Map of a volume of 32 or 64 bit floats.

    Memory holds some slices; `extent` is that of all voxels, for the window.

    Raises
    ------
    ConversionError
        Code "unsupported", for several volumes, or more than one object can hold.

    References
    ----------
    DICOM PS3.3 A.75, C.8.23, C.7.6.16.2.11, C.7.6.24, C.7.6.25.
    """
    header = volume.header
    if header.volumes > 1 or header.data_bytes > _LARGEST_VALUE:
        raise ConversionError(
            _(
                "A Parametric Map holds one volume of at most 4 GB. "
                "Split the file into its volumes, or let it be scaled to 16 bit."
            ),
            "unsupported",
        )
    dataset = _new_map(volume, extent, job)
    uid = str(dataset.SOPInstanceUID)
    head = Stencil.of(dataset).filled({SOP_INSTANCE_UID: uid})
    box.write_encoded(uid, ParametricMapStorage, chain([head], _chunks(volume)))


def _chunks(volume: Volume) -> Iterator[bytes]:
    header = volume.header
    groups = [_frame(volume, place) for place in range(header.shape[2])]
    yield sequence_head(_PER_FRAME_GROUPS, sum(map(len, groups)))
    yield from groups
    tag, vr = _FLOAT if header.dtype.itemsize == 4 else _DOUBLE
    yield element_head(tag, vr, header.data_bytes)
    for block in volume.blocks():
        yield block.astype(block.dtype.newbyteorder("<")).tobytes()


def _frame(volume: Volume, place: int) -> bytes:
    position = item(ImagePositionPatient=decimal_strings(volume.planes.position(place)))
    content = item(DimensionIndexValues=[place + 1])
    group = encoded(item(FrameContentSequence=[content], PlanePositionSequence=[position]))
    return item_head(len(group)) + group


def _new_map(volume: Volume, extent: Extent, job: Job) -> Dataset:
    modality = modality_of(job, read_sidecar(job.options.sidecar))
    dataset = new_instance(job, ObjectClass(ParametricMapStorage, modality))
    number_instance(dataset, job, 0)
    add_content(dataset, "PARAMETRIC_MAP")
    dataset.ImageType = _TYPE
    dataset.DerivationDescription = " ".join((*volume.header.notes, EXACT))
    dataset.ContentQualification = "RESEARCH"
    dataset.BurnedInAnnotation = "NO"
    # The standard wants YES or NO, and a head can be rendered: NO needs somebody who says so.
    dataset.RecognizableVisualFeatures = "NO" if job.options.no_faces else "YES"
    dataset.PresentationLUTShape = "IDENTITY"
    dataset.AcquisitionContextSequence = []
    dataset.FrameOfReferenceUID = derive_uid(job.series.uid_seed, "frame of reference")
    dataset.PositionReferenceIndicator = ""
    columns, rows, slices = volume.header.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns, dataset.NumberOfFrames = rows, columns, slices
    dataset.BitsAllocated = volume.header.dtype.itemsize * 8
    add_dimensions(dataset, job, [_POSITION])
    dataset.SharedFunctionalGroupsSequence = [_shared_groups(volume, extent)]
    return dataset


def _shared_groups(volume: Volume, extent: Extent) -> Dataset:
    """Return the groups of all frames: plane, window, what the numbers mean."""
    header = volume.header
    groups = plane_groups(volume.planes)
    groups.FrameVOILUTSequence = [_window(extent)]
    groups.PixelValueTransformationSequence = [
        item(RescaleIntercept="0", RescaleSlope="1", RescaleType="US")
    ]
    lowest, highest = (v if np.isfinite(v) else 0.0 for v in (extent.lowest, extent.highest))
    mapping = item(
        LUTExplanation="Linear",
        LUTLabel="Linear",
        RealWorldValueIntercept=float(header.intercept),
        RealWorldValueSlope=float(header.slope),
        DoubleFloatRealWorldValueFirstValueMapped=float(lowest),
        DoubleFloatRealWorldValueLastValueMapped=float(highest),
        MeasurementUnitsCodeSequence=[code("1", "UCUM", "no units")],
    )
    groups.RealWorldValueMappingSequence = [mapping]
    groups.ParametricMapFrameTypeSequence = [item(FrameType=_TYPE)]
    return groups


def _window(extent: Extent) -> Dataset:
    darkest, brightest = extent.shown
    if not abs(brightest - darkest) < WIDEST_WINDOW:
        darkest, brightest = 0.0, 1.0
    return item(
        WindowCenter=decimal_string((darkest + brightest) / 2),
        WindowWidth=decimal_string((brightest - darkest) or 1.0),
        VOILUTFunction="LINEAR_EXACT",
    )
