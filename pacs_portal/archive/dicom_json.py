"""Writes studies of the index in the DICOM JSON model (PS3.18 Annex F)."""

from typing import Any

from pacs_portal.archive.models import Study

Attribute = dict[str, Any]
PERSON_NAME_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")


def study_json(study: Study, root_url: str) -> dict[str, Attribute]:
    """Return the attributes of PS3.18 Table 10.6.3-3; `root_url` is the DICOMweb root."""
    attributes = {
        "00080005": _attribute("CS", "ISO_IR 192"),
        "00080020": _attribute("DA", study.study_date),
        "00080030": _attribute("TM", study.study_time),
        "00080050": _attribute("SH", study.accession_number),
        "00080056": _attribute("CS", "ONLINE"),
        "00080090": _attribute("PN"),
        "00081030": _attribute("LO", study.study_description),
        "00081190": _attribute("UR", f"{root_url}/studies/{study.study_instance_uid}"),
        "00100010": _person_name(study.patient_name),
        "00100020": _attribute("LO", study.patient_id),
        "00100030": _attribute("DA", study.patient_birth_date),
        "00100040": _attribute("CS", study.patient_sex),
        "0020000D": _attribute("UI", study.study_instance_uid),
        "00200010": _attribute("SH", study.study_id),
        "00201206": _attribute("IS", study.series_count),
        "00201208": _attribute("IS", study.instance_count),
    }
    if study.modalities:  # empty, it stops the viewer, which copes without it
        attributes["00080061"] = _attribute("CS", *study.modalities)
    return attributes


def _attribute(vr: str, *values: str | int) -> Attribute:
    known = [value for value in values if value != ""]
    return {"vr": vr, "Value": known} if known else {"vr": vr}


def _person_name(name: str) -> Attribute:
    groups = zip(PERSON_NAME_GROUPS, name.split("="), strict=False)
    known = {group: text for group, text in groups if text}
    return {"vr": "PN", "Value": [known]} if known else {"vr": "PN"}
