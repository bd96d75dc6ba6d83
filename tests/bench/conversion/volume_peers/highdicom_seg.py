"""Write each label map of a folder as a Segmentation with highdicom: SCRIPT SOURCES OUTPUT.

highdicom wants the images that were segmented; they are made in memory, with no pixels that count.
"""

import sys
from pathlib import Path

import highdicom
import nibabel
import numpy as np
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid


def source_images(shape: tuple[int, int, int], affine: np.ndarray) -> list[Dataset]:
    """Return the headers of a CT series of the same grid."""
    lps = np.diag([-1, -1, 1, 1]) @ affine
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    shared = Dataset()
    shared.file_meta = Dataset()
    shared.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    shared.SOPClassUID, shared.Modality = CTImageStorage, "CT"
    shared.StudyInstanceUID, shared.SeriesInstanceUID = generate_uid(), generate_uid()
    shared.FrameOfReferenceUID = generate_uid()
    shared.PatientID = shared.PatientName = shared.PatientBirthDate = shared.PatientSex = ""
    shared.StudyDate = shared.StudyTime = shared.AccessionNumber = shared.StudyID = ""
    shared.ReferringPhysicianName = ""
    shared.Columns, shared.Rows = shape[:2]
    shared.PixelSpacing = [float(spacing[1]), float(spacing[0])]
    shared.SliceThickness = float(spacing[2])
    shared.ImageOrientationPatient = (lps[:3, :2] / spacing[:2]).T.ravel().tolist()
    images = []
    for place in range(shape[2]):
        image = Dataset()
        image.update(shared)
        image.file_meta = shared.file_meta
        image.SOPInstanceUID, image.InstanceNumber = generate_uid(), place + 1
        image.ImagePositionPatient = (lps[:3, 3] + place * lps[:3, 2]).round(6).tolist()
        images.append(image)
    return images


def segment(number: int) -> highdicom.seg.SegmentDescription:
    """Describe a segment."""
    return highdicom.seg.SegmentDescription(
        segment_number=number,
        segment_label=f"Segment {number}",
        segmented_property_category=codes.SCT.Tissue,
        segmented_property_type=codes.SCT.Tissue,
        algorithm_type=highdicom.seg.SegmentAlgorithmTypeValues.MANUAL,
    )


def write_segmentation(source: Path, out: Path) -> None:
    """Write one label map."""
    image = nibabel.load(source)
    voxels = np.asanyarray(image.dataobj)
    labels = [int(value) for value in np.unique(voxels) if value]
    segmentation = highdicom.seg.Segmentation(
        source_images=source_images(image.shape, image.affine),
        pixel_array=np.ascontiguousarray(voxels.T),
        segmentation_type=highdicom.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[segment(number) for number in labels],
        series_instance_uid=generate_uid(),
        series_number=2,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="Bench",
        manufacturer_model_name="Bench",
        software_versions="1",
        device_serial_number="1",
    )
    segmentation.save_as(out / f"{source.name}.dcm")


if __name__ == "__main__":
    folder = Path(sys.argv[2])
    folder.mkdir()
    for path in sorted(Path(sys.argv[1]).iterdir()):
        write_segmentation(path, folder)
