"""Label maps as DICOM Segmentations: one bit per voxel and label, empty frames left out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import SegmentationStorage

from converter.engine.encoding import encoded, item_head, pixel_head, sequence_head
from converter.engine.errors import ConversionError
from converter.engine.errors import gettext_noop as _
from converter.engine.instances import ObjectClass, decimal_strings, new_instance, number_instance
from converter.engine.multiframe import add_content, add_dimensions, code, item, plane_groups
from converter.engine.options import Job, Reference
from converter.engine.output import Outbox
from converter.engine.sources.cielab import distinct_color, encoded_cielab
from converter.engine.sources.label_names import LabelName, LabelNames
from converter.engine.sources.labels import Labels
from converter.engine.stencil import SOP_INSTANCE_UID, Stencil
from converter.engine.uids import derive_uid

_MOST_FRAMES = 500_000
_LARGEST_VALUE = 2**32 - 2  # the length of Pixel Data is an even unsigned 32 bit number
_PER_FRAME_GROUPS = 0x52009230
_POSITION = (0x00200032, 0x00209113, "Image Position (Patient)")
_SEGMENT = (0x0062000B, 0x0062000A, "Referenced Segment Number")
_KEPT = "Every voxel of a label is one bit of its segment."


def write_segmentation(job: Job, box: Outbox, labels: Labels, names: LabelNames) -> None:
    """Write one Segmentation of all labels but 0.

    Memory holds a slice and what stands in the header of each frame.

    Parameters
    ----------
    job : Job
        Attributes, series and options; `options.reference` is the series that was segmented.
    box : Outbox
        Where the instance goes.
    labels : Labels
        The label map, read twice, slice by slice.
    names : LabelNames
        What its labels are called.

    Raises
    ------
    ConversionError
        Code "unsupported", for a map without labels, or with more than one object can hold.

    References
    ----------
    DICOM PS3.3 A.51, C.8.20, C.7.6.16; PS3.5 8.1.1, one bit per pixel.
    """
    frames = _Frames(labels, labels.present(), job.options.reference)
    frames.check()
    dataset = _new_segmentation(job, frames)
    dataset.SegmentSequence = [
        _segment(number, value, names) for number, value in enumerate(frames.values, start=1)
    ]
    uid = str(dataset.SOPInstanceUID)
    head = Stencil.of(dataset).filled({SOP_INSTANCE_UID: uid})
    box.write_encoded(uid, SegmentationStorage, chain([head], frames.chunks()))


@dataclass(frozen=True)
class _Frames:
    """The frames that are not empty, slice after slice, and in a slice segment after segment."""

    labels: Labels
    present: list[np.ndarray]
    reference: Reference | None

    @cached_property
    def values(self) -> list[int]:
        """The labels, each a segment, in their order."""
        return sorted(set().union(*(found.tolist() for found in self.present)))

    @property
    def count(self) -> int:
        return sum(len(found) for found in self.present)

    @property
    def pixel_bytes(self) -> int:
        rows, columns = self.labels.shape
        packed = (self.count * rows * columns + 7) // 8
        return packed + packed % 2

    def check(self) -> None:
        """Refuse what no object can hold."""
        if not self.values:
            raise ConversionError(
                _("This label map holds no label: all its voxels are 0. Leave it out."),
                "unsupported",
            )
        if self.pixel_bytes > _LARGEST_VALUE or self.count > _MOST_FRAMES:
            raise ConversionError(
                _(
                    "This label map has more labels than one DICOM object can hold at its size. "
                    "Split it."
                ),
                "unsupported",
            )

    def chunks(self) -> Iterator[bytes]:
        """Yield the elements behind the shared header: what tells frames apart, and the bits."""
        places = (place for place, found in enumerate(self.present) if len(found))
        slices = {place: self._of_slice(place) for place in places}
        yield sequence_head(_PER_FRAME_GROUPS, sum(len(groups) for groups in self._groups(slices)))
        yield from self._groups(slices)
        yield pixel_head("OB", self.pixel_bytes)
        yield from self._bits()

    def _groups(self, slices: Mapping[int, tuple[bytes, bytes]]) -> Iterator[bytes]:
        """Yield the functional groups of the frames of each slice."""
        numbers = {value: number for number, value in enumerate(self.values, start=1)}
        content = encoded(item(FrameContentSequence=[item(DimensionIndexValues=[0, 0])]))
        segment = encoded(item(SegmentIdentificationSequence=[item(ReferencedSegmentNumber=0)]))
        for rank, (place, (source, position)) in enumerate(slices.items(), start=1):
            head = item_head(sum(map(len, (source, content, position, segment))))
            before = b"".join((head, source, content[:-8], rank.to_bytes(4, "little")))
            between = position + segment[:-2]
            frames: list[bytes] = []
            for value in self.present[place].tolist():
                number = numbers[value]
                frames += (before, number.to_bytes(4, "little"))
                frames += (between, number.to_bytes(2, "little"))
            yield b"".join(frames)

    def _of_slice(self, place: int) -> tuple[bytes, bytes]:
        """Return the source image and the position of a slice, as their groups."""
        position = item(ImagePositionPatient=decimal_strings(self.labels.planes.position(place)))
        source = _source_group(self.reference, place) if self.reference else Dataset()
        return encoded(source), encoded(item(PlanePositionSequence=[position]))

    def _bits(self) -> Iterator[bytes]:
        """Yield the pixels: the first in the lowest bit, no gap between frames."""
        rest = np.empty(0, bool)
        written = 0
        for voxels, found in zip(self.labels.slices(), self.present, strict=True):
            for value in found.tolist():
                frame = (voxels == value).ravel()
                bits = np.concatenate([rest, frame]) if rest.size else frame
                whole = bits.size // 8 * 8
                rest = bits[whole:]
                packed = np.packbits(bits[:whole], bitorder="little").tobytes()
                written += len(packed)
                yield packed
        last = np.packbits(rest, bitorder="little").tobytes()
        yield last + bytes(self.pixel_bytes - written - len(last))


def _new_segmentation(job: Job, frames: _Frames) -> Dataset:
    """Make the instance up to the functional groups of single frames."""
    dataset = new_instance(job, ObjectClass(SegmentationStorage, "SEG"))
    number_instance(dataset, job, 0)
    dataset.ImageType = ["DERIVED", "PRIMARY"]
    dataset.DerivationDescription = " ".join((*frames.labels.volume.header.notes, _KEPT))
    add_content(dataset, "SEGMENTATION")
    dataset.pop("Laterality", None)  # its frames may say so, with an anatomy
    reference = frames.reference
    seed = reference.uid_seed if reference else job.series.uid_seed
    dataset.FrameOfReferenceUID = derive_uid(seed, "frame of reference")
    dataset.PositionReferenceIndicator = ""
    dataset.SegmentationType = "BINARY"
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = frames.labels.shape
    dataset.NumberOfFrames = frames.count
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 1, 1, 0
    dataset.PixelRepresentation = 0
    add_dimensions(dataset, job, [_POSITION, _SEGMENT])
    dataset.SharedFunctionalGroupsSequence = [plane_groups(frames.labels.planes)]
    if reference:
        dataset.ReferencedSeriesSequence = [_referenced_series(reference, frames)]
    return dataset


def _segment(number: int, value: int, names: LabelNames) -> Dataset:
    """Return a segment, PS3.3 C.8.20.4; no term of a terminology is guessed from its name."""
    said = names.by_value.get(value, LabelName())
    algorithm = {None: "SEMIAUTOMATIC", True: "MANUAL", False: "AUTOMATIC"}[names.is_manual]
    segment = item(
        SegmentNumber=number,
        SegmentLabel=said.name or f"Segment {value}",
        SegmentAlgorithmType=algorithm,
        SegmentedPropertyCategoryCodeSequence=[code("85756007", "SCT", "Tissue")],
        SegmentedPropertyTypeCodeSequence=[code("85756007", "SCT", "Tissue")],
        RecommendedDisplayCIELabValue=encoded_cielab(said.color or distinct_color(number - 1)),
    )
    if algorithm != "MANUAL":
        segment.SegmentAlgorithmName = "UNKNOWN"
    return segment


def _source_group(reference: Reference, place: int) -> Dataset:
    """Say from which image a frame was drawn, PS3.3 C.7.6.16.2.6."""
    source = _referenced_image(reference, place)
    source.PurposeOfReferenceCodeSequence = [
        code("121322", "DCM", "Source image for image processing operation")
    ]
    source.SpatialLocationsPreserved = "YES"
    derivation = item(
        DerivationCodeSequence=[code("113076", "DCM", "Segmentation")],
        SourceImageSequence=[source],
    )
    return item(DerivationImageSequence=[derivation])


def _referenced_image(reference: Reference, place: int) -> Dataset:
    return item(
        ReferencedSOPClassUID=reference.sop_class_uid,
        ReferencedSOPInstanceUID=derive_uid(reference.uid_seed, "instance", str(place)),
    )


def _referenced_series(reference: Reference, frames: _Frames) -> Dataset:
    """Common Instance Reference module: the images behind the frames."""
    places = [place for place, found in enumerate(frames.present) if len(found)]
    return item(
        SeriesInstanceUID=reference.series_instance_uid,
        ReferencedInstanceSequence=[_referenced_image(reference, place) for place in places],
    )
