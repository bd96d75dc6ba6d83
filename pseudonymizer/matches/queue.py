"""The queue of possible matches as its pages show it."""

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count
from django.db.models.fields.json import KeyTextTransform

from pacs_portal.archive.models import Study, StudyState
from pacs_portal.jobs.held.of_projects import of_projects
from pacs_portal.jobs.models import HeldFile
from pacs_portal.projects.models import Project
from pseudonymizer.causes import POSSIBLE_MATCH
from pseudonymizer.matches.decisions import open_matches
from pseudonymizer.models import PossibleMatch, RegistryPatient

STUDIES_SHOWN = 10


@dataclass(frozen=True)
class QueueRow:
    """A pair that waits, and how much waits for it."""

    match: PossibleMatch
    files: int
    others: int  # further pairs with the same new patient


@dataclass(frozen=True)
class PatientFacts:
    """What can be said of a patient without saying who it is."""

    patient: RegistryPatient
    study_count: int
    studies: list[Study]


def count_open(project: Project) -> int:
    """Return how many pairs wait for a data steward."""
    return open_matches(project).count()


def queue_rows(project: Project, matches: list[PossibleMatch]) -> list[QueueRow]:
    """Return the rows of one page."""
    files = waiting_counts(project)
    pairs = Counter(open_matches(project).values_list("patient", flat=True))
    return [QueueRow(one, files[one.patient_id], pairs[one.patient_id] - 1) for one in matches]


def waiting_counts(project: Project) -> Counter[UUID]:
    """Return how many files of each new patient wait for a decision about her."""
    waiting = HeldFile.objects.filter(of_projects([project.pk]), cause=POSSIBLE_MATCH, decision="")
    planned_for = waiting.annotate(
        planned=KeyTextTransform("patient", "receipt__unit__plan")
    ).values("planned")
    counts = planned_for.annotate(files=Count("pk")).order_by()  # there may be very many
    planned = Counter({UUID(row["planned"]): row["files"] for row in counts})
    planned_patients = RegistryPatient.objects.filter(pk__in=planned)
    for alias, kept in planned_patients.values_list("pk", "merged_into"):
        if kept:
            planned[kept] += planned.pop(alias)
    return planned


def next_match(decided: PossibleMatch) -> PossibleMatch | None:
    """Return the pair to look at next: of the same new patient first, then the newest."""
    waiting = open_matches(decided.project).exclude(pk=decided.pk)
    return waiting.filter(patient=decided.patient).first() or waiting.first()


def facts_of(patient: RegistryPatient) -> PatientFacts:
    """Return the patient's studies, the newest first."""
    studies = Study.objects.filter(
        project=patient.project_id, patient_id=patient.pseudonym, state=StudyState.STORED
    ).order_by("-created_at")
    return PatientFacts(patient, studies.count(), list(studies[:STUDIES_SHOWN]))
