"""The modules that every output shares: patient, study, series, equipment, file meta."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filereader import read_dataset
from pydicom.uid import UID, ExplicitVRLittleEndian
from pydicom.valuerep import format_number_as_ds, validate_value

from converter.engine.body_parts import UNPAIRED
from converter.engine.errors import ConversionError
from converter.engine.errors import gettext_noop as _
from converter.engine.options import Attributes, Job
from converter.engine.uids import derive_uid

IMPLEMENTATION_CLASS_UID = UID("2.25.42650820109391322707241114373208845803")
IMPLEMENTATION_VERSION_NAME = "PACS2GO"

_VALUE_CHECKS = {
    "patient_id": ("LO", "PatientID"),
    "patient_name": ("PN", "PatientName"),
    "patient_birth_date": ("DA", "PatientBirthDate"),
    "patient_sex": ("CS", "PatientSex"),
    "study_date": ("DA", "StudyDate"),
    "study_time": ("TM", "StudyTime"),
    "study_description": ("LO", "StudyDescription"),
    "accession_number": ("SH", "AccessionNumber"),
    "body_part": ("CS", "BodyPartExamined"),
    "laterality": ("CS", "Laterality"),
}
_ALLOWED = {"patient_sex": ("", "M", "F", "O"), "laterality": ("", "R", "L")}
_WRONG_VALUES = {
    "patient_id": _(
        "The given patient id is too long or holds a character that DICOM forbids. Correct it."
    ),
    "patient_name": _(
        "The given patient name is too long, has more than five parts or holds a character that "
        "DICOM forbids. Correct it."
    ),
    "patient_birth_date": _("The given patient birth date is no date. Write it as YYYYMMDD."),
    "patient_sex": _("The given patient sex is not known. Write M, F or O."),
    "study_date": _("The given study date is no date. Write it as YYYYMMDD."),
    "study_time": _("The given study time is no time. Write it as HHMMSS."),
    "study_description": _(
        "The given study description is too long, or longer than one line. Shorten it."
    ),
    "accession_number": _("The given accession number is longer than 16 characters. Correct it."),
    "body_part": _("The given body part is no term of DICOM. Write one such as CHEST."),
    "laterality": _("The given laterality is not known. Write R or L."),
    "modality": _("The given modality is no term of DICOM. Write one such as MR."),
}
_ABSENT_WHEN_EMPTY = frozenset({"study_description", "body_part"})
_OF_STUDY = (
    *("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime"),
    *("StudyDescription", "AccessionNumber", "ReferringPhysicianName", "StudyID"),
)
_NAME_PARTS = 5  # family, given and middle name, prefix, suffix
_RAISE = 2  # pydicom.config.RAISE; its settings object is global and stays untouched


@dataclass(frozen=True)
class ObjectClass:
    """Which kind of DICOM object a source becomes."""

    sop_class_uid: str
    modality: str
    transfer_syntax_uid: str = ExplicitVRLittleEndian


def decimal_string(value: float) -> str:
    """Write a number as DS: exactly, else with all the digits that 16 characters hold."""
    if float(value).is_integer() and abs(value) < 1e15:
        return str(int(value))
    shortest = repr(float(value))
    return shortest if len(shortest) <= 16 else format_number_as_ds(float(value))


def decimal_strings(values: Sequence[float]) -> list[str]:
    return [decimal_string(value) for value in values]


def new_instance(job: Job, object_class: ObjectClass) -> Dataset:
    """Make a dataset with all that the instances of one source share.

    Parameters
    ----------
    job : Job
        The attributes a person gave, the series of the outputs, the options.
    object_class : ObjectClass
        SOP class, modality and transfer syntax.

    Returns
    -------
    Dataset
        With file meta; without the SOP Instance UID, the Instance Number and the image itself.

    Raises
    ------
    ConversionError
        Code "attributes", if a given attribute is not valid in DICOM.

    References
    ----------
    DICOM PS3.3 C.7.1.1, C.7.2.1, C.7.3.1, C.7.5.1, C.12.1.
    """
    dataset = Dataset()
    dataset.file_meta = _file_meta(object_class)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = object_class.sop_class_uid
    _add_attributes(dataset, job.attributes)
    dataset.ReferringPhysicianName = ""
    dataset.StudyID = ""
    dataset.StudyInstanceUID = job.series.study_instance_uid
    if job.series.study_modules:
        _join_study(dataset, job.series.study_modules)
    dataset.SeriesInstanceUID = job.series.series_instance_uid
    dataset.SeriesNumber = job.series.series_number
    dataset.Modality = _checked("modality", "CS", object_class.modality)
    dataset.Manufacturer = ""
    return dataset


def instance_uid(job: Job, index: int) -> str:
    """Return the SOP Instance UID of the instance at `index` (from 0) of a source."""
    return derive_uid(job.series.uid_seed, "instance", str(index))


def check_attributes(attributes: Attributes, modality: str = "") -> None:
    """Refuse attributes that no instance can carry, before anything is converted.

    Parameters
    ----------
    attributes : Attributes
        Patient, study and series attributes that a person gave.
    modality : str, optional
        A defined term such as MR; empty if none was given.

    Raises
    ------
    ConversionError
        Code "attributes"; the sentence names the attribute, never its value.

    References
    ----------
    DICOM PS3.5 6.2.
    """
    for name, (vr, _keyword) in _VALUE_CHECKS.items():
        _checked(name, vr, getattr(attributes, name))
    _checked("modality", "CS", modality)
    _check_side(attributes)


def number_instance(dataset: Dataset, job: Job, index: int) -> None:
    """Make `dataset` the instance at `index` (from 0) of its source."""
    uid = instance_uid(job, index)
    dataset.SOPInstanceUID = uid
    dataset.file_meta.MediaStorageSOPInstanceUID = UID(uid)
    series = job.series
    dataset.InstanceNumber = series.first_instance_number + index * series.instance_number_step


def _file_meta(object_class: ObjectClass) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\0\1"
    meta.MediaStorageSOPClassUID = UID(object_class.sop_class_uid)
    meta.TransferSyntaxUID = UID(object_class.transfer_syntax_uid)
    meta.ImplementationClassUID = IMPLEMENTATION_CLASS_UID
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
    return meta


def _add_attributes(dataset: Dataset, attributes: Attributes) -> None:
    for name, (vr, keyword) in _VALUE_CHECKS.items():
        value = _checked(name, vr, getattr(attributes, name))
        if value or name not in _ABSENT_WHEN_EMPTY:
            setattr(dataset, keyword, value)
    _check_side(attributes)
    if attributes.body_part in UNPAIRED:
        del dataset.Laterality


def _join_study(dataset: Dataset, modules: bytes) -> None:
    """Let patient and study be those of a stored study (PS3.3 C.7.1.1, C.7.2.1)."""
    for keyword in _OF_STUDY:
        if keyword in dataset:
            del dataset[keyword]
    stored = read_dataset(BytesIO(modules), is_implicit_VR=False, is_little_endian=True)
    stored.SpecificCharacterSet = "ISO_IR 192"
    for element in stored:
        dataset.add(element)


def _check_side(attributes: Attributes) -> None:
    if attributes.body_part in UNPAIRED and attributes.laterality:
        raise ConversionError(
            _("This body part has no left and right. Leave out the laterality."), "attributes"
        )


def _is_one_value(vr: str, value: str) -> bool:
    """One value of DICOM without control characters; validation by VR lets more pass (PS3.5 6.2).

    Raises
    ------
    ValueError
        For a day that no calendar has.
    """
    if "\\" in value or (value and not value.isprintable()):
        return False
    if vr == "DA" and value:
        date(int(value[:4]), int(value[4:6]), int(value[6:]))
    if vr == "PN":
        return all(group.count("^") < _NAME_PARTS for group in value.split("="))
    return not (vr == "TM" and "-" in value)  # no range, as a query has it


def _checked(name: str, vr: str, value: str) -> str:
    """Refuse what DICOM cannot hold; the message names the attribute, never its value."""
    try:
        validate_value(vr, value, _RAISE)
        is_valid = value in _ALLOWED.get(name, (value,)) and _is_one_value(vr, value)
    except ValueError:
        is_valid = False
    if not is_valid:
        raise ConversionError(_WRONG_VALUES[name], "attributes")
    return value
