"""How folders become patients, studies and series: the rules a person chooses from.

A rule looks at names alone; what a form or a table says of the patient counts before it.
"""

from dataclasses import dataclass
from pathlib import PurePosixPath

from django.utils.translation import gettext_lazy as _

ZIP = ".zip"
FOLDER = "folder"
ONE_STUDY = "one-study"
PATIENT_STUDY = "patient-study"
PATIENT_STUDY_SERIES = "patient-study-series"
TOP_PATIENT = "top-patient"
INNER_PATIENT = "inner-patient"
RULES = {
    FOLDER: _("each folder is a study"),
    ONE_STUDY: _("everything is one study"),
    PATIENT_STUDY: _("patient / study: the last two folders of each file"),
    PATIENT_STUDY_SERIES: _("patient / study / series: the last three folders of each file"),
    TOP_PATIENT: _("each top folder is a patient, each folder below a study"),
    INNER_PATIENT: _("each folder in the dropped one is a patient, each folder below a study"),
}
NAMING_PATIENTS = frozenset(RULES) - {FOLDER, ONE_STUDY}


@dataclass(frozen=True)
class Place:
    """Where a file stands in the tree; `patient` is "" where no folder names one."""

    study: tuple[str, ...]
    series: tuple[str, ...] = ()
    patient: str = ""


def place_of(path: PurePosixPath, rule: str) -> Place:
    """Return patient, study and series of the file at `path`; too few folders name no patient."""
    folders = path.parts[:-1]
    if rule == ONE_STUDY:
        return Place(study=())
    if rule == PATIENT_STUDY:
        return Place(study=folders, patient=_at(folders, -2))
    if rule == PATIENT_STUDY_SERIES:
        return Place(study=folders[:-1], series=folders, patient=_at(folders, -3))
    if rule == TOP_PATIENT:
        return Place(study=folders, patient=_at(folders, 0))
    if rule == INNER_PATIENT:
        return Place(study=folders, patient=_at(folders, 1))
    return Place(study=folders)


def _at(folders: tuple[str, ...], index: int) -> str:
    """Return one of the folders' names, a zip's without its ending, "" if there are too few."""
    try:
        name = folders[index]
    except IndexError:
        return ""
    return (name[: -len(ZIP)] if name.lower().endswith(ZIP) else name).strip()
