"""What the keeper of the registry says of the PatientIDs that are to be stored."""

from collections.abc import Callable
from enum import Enum

from django.utils.translation import gettext_noop as _

from pacs_portal.projects.models import Project

PATIENT_MERGED = "patient-merged"  # of a StoreResult: made again, the file carries what counts now
MERGED_SENTENCE = _("The patient was merged with another one meanwhile; the file is made again.")


class Standing(Enum):
    """What a PatientID is in a project."""

    CURRENT = "current"  # a pseudonym under which files are stored
    MERGED = "merged"  # a pseudonym that gave way to another one
    UNKNOWN = "unknown"


StandingCheck = Callable[[Project, str], Standing]
_checks: list[StandingCheck] = []


def register_standing_check(check: StandingCheck) -> None:
    """Let the keeper of the registry say what stands for whom."""
    if check not in _checks:
        _checks.append(check)


def standing_of(project: Project, patient_id: str) -> Standing:
    """Return what the first keeper that knows `patient_id` says of it."""
    for check in _checks if patient_id else ():
        standing = check(project, patient_id)
        if standing is not Standing.UNKNOWN:
            return standing
    return Standing.UNKNOWN
