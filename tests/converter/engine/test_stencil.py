"""A header that is filled has the bytes that pydicom would write."""

import io

import pydicom
import pytest
from pydicom.dataset import Dataset
from series_samples import a_series

from converter.engine.instances import ObjectClass, new_instance, number_instance
from converter.engine.options import Attributes, Job, Options
from converter.engine.stencil import SOP_INSTANCE_UID, Stencil

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
INSTANCE_NUMBER, RATIO = 0x00200013, 0x00282112


def an_instance(name: str = "Müller^Jörg") -> Dataset:
    job = Job(Attributes(patient_name=name, patient_id="A-1"), a_series(), Options())
    dataset = new_instance(job, ObjectClass(SECONDARY_CAPTURE, "OT"))
    number_instance(dataset, job, 0)
    dataset.Rows, dataset.Columns = 44, 61
    dataset.LossyImageCompressionRatio = "7.25"
    dataset.AcquisitionContextSequence = [Dataset()]
    dataset.ICCProfile = b"odd"
    return dataset


def written(dataset: Dataset) -> bytes:
    stream = io.BytesIO()
    pydicom.dcmwrite(stream, dataset, enforce_file_format=True)
    return stream.getvalue()


@pytest.mark.parametrize(("number", "ratio"), [("1", "7.25"), ("1000", "12.5"), ("22", "9.333")])
def test_a_filled_stencil_is_what_pydicom_writes(number, ratio) -> None:
    stencil = Stencil.of(an_instance(), (INSTANCE_NUMBER, RATIO))
    other = an_instance()
    uid = f"2.25.{number}"
    other.SOPInstanceUID = other.file_meta.MediaStorageSOPInstanceUID = uid
    other.InstanceNumber, other.LossyImageCompressionRatio = number, ratio
    filled = stencil.filled({SOP_INSTANCE_UID: uid, INSTANCE_NUMBER: number, RATIO: ratio})
    assert filled == written(other)


def test_pixels_are_no_part_of_it() -> None:
    dataset = an_instance()
    without = written(dataset)
    dataset.PixelData = bytes(44 * 61)
    dataset["PixelData"].VR = "OB"
    uid = str(dataset.SOPInstanceUID)
    assert Stencil.of(dataset).filled({SOP_INSTANCE_UID: uid}) == without
