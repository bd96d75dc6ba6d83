"""Claims: who owns a UID, settled in short transactions before anything reaches Orthanc."""

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _
from pydicom.dataset import Dataset

from pacs_portal.archive.headers import FileDigests, number_of, text_of
from pacs_portal.archive.models import Instance, Series, Study, StudyState
from pacs_portal.archive.standing import MERGED_SENTENCE, PATIENT_MERGED, Standing, standing_of
from pacs_portal.projects.models import Project
from pacs_portal.projects.services import record_in

# A claim of somebody else that never was stored counts as abandoned after this time.
ABANDONED_AFTER = timedelta(hours=1)


@dataclass(frozen=True, repr=False)
class Candidate:
    """A file fit to be stored: its header read, its digests taken."""

    path: Path
    receipt_key: int
    provenance: str
    header: Dataset
    digests: FileDigests
    is_replacement: bool = False
    is_moved: bool = False

    @property
    def patient_id(self) -> str:
        return text_of(self.header, "PatientID")

    @property
    def study_instance_uid(self) -> str:
        return text_of(self.header, "StudyInstanceUID")

    @property
    def series_instance_uid(self) -> str:
        return text_of(self.header, "SeriesInstanceUID")

    @property
    def sop_instance_uid(self) -> str:
        return text_of(self.header, "SOPInstanceUID")


@dataclass(frozen=True)
class Claim:
    """What the claim of one candidate came to; `outcome` is "" where the file may be sent."""

    instance_id: int | None = None
    outcome: str = ""
    code: str = ""
    sentence: str = ""
    replaced: Instance | None = None  # the row as it was, should the archive refuse the new file


@transaction.atomic
def claim_all(project: Project, candidates: list[Candidate]) -> list[Claim]:
    """Claim study, series and instance of each candidate, which come sorted by these UIDs.

    The order is the same for every worker, so that two of them wait for each other, never both.
    """
    return [_claim(project, candidate) for candidate in candidates]


def _claim(project: Project, candidate: Candidate) -> Claim:
    study = _claimed_study(project, candidate)
    refusal = _study_refusal(project, study, candidate)
    if refusal is not None:
        return refusal
    series = _claimed_series(study, candidate)
    if series.study_id != study.pk:
        return _foreign()
    return _claimed_instance(series, candidate)


def _claimed_study(project: Project, candidate: Candidate) -> Study:
    study, is_new = Study.objects.get_or_create(
        study_instance_uid=candidate.study_instance_uid,
        defaults={"project": project, **_attributes(candidate.header)},
    )
    if candidate.is_moved and not is_new and study.patient_id == candidate.patient_id:
        # Its dates moved with the patient; the rest is as it was.
        Study.objects.filter(pk=study.pk).update(**_attributes(candidate.header))
    return study


def _attributes(header: Dataset) -> dict[str, str]:
    """Return what the index says of a study, as one of its files says it."""
    return {
        "patient_id": text_of(header, "PatientID"),
        "patient_name": text_of(header, "PatientName", 324),
        "patient_birth_date": text_of(header, "PatientBirthDate", 8),
        "patient_sex": text_of(header, "PatientSex", 16),
        "study_date": text_of(header, "StudyDate", 8),
        "study_time": text_of(header, "StudyTime", 16),
        "study_id": text_of(header, "StudyID", 16),
        "accession_number": text_of(header, "AccessionNumber", 16),
        "study_description": text_of(header, "StudyDescription"),
    }


def _study_refusal(project: Project, study: Study, candidate: Candidate) -> Claim | None:
    if study.project_id != project.pk:
        return _foreign()
    if study.state == StudyState.DELETED:
        return Claim(
            outcome="refused",
            code="study-deleted",
            sentence=_("A steward deleted this study from the project; it stays out."),
        )
    if study.patient_id != candidate.patient_id:
        if standing_of(project, candidate.patient_id) is Standing.MERGED:
            return Claim(outcome="refused", code=PATIENT_MERGED, sentence=MERGED_SENTENCE)
        return Claim(
            outcome="refused",
            code="other-patient",
            sentence=_("This study is already here under another patient; nothing was changed."),
        )
    return None


def _foreign() -> Claim:
    # One answer for whatever belongs elsewhere: it must not tell where, or that it exists.
    return Claim(
        outcome="refused",
        code="uid-taken",
        sentence=_("The image cannot be stored in this project under its present UIDs."),
    )


def _claimed_series(study: Study, candidate: Candidate) -> Series:
    header = candidate.header
    series, _is_new = Series.objects.get_or_create(
        series_instance_uid=candidate.series_instance_uid,
        defaults={
            "study": study,
            "modality": text_of(header, "Modality", 16),
            "series_number": number_of(header, "SeriesNumber"),
            "series_description": text_of(header, "SeriesDescription"),
        },
    )
    return series


def _claimed_instance(series: Series, candidate: Candidate) -> Claim:
    instance, is_new = Instance.objects.get_or_create(
        sop_instance_uid=candidate.sop_instance_uid,
        defaults={
            "series": series,
            "sop_class_uid": text_of(candidate.header, "SOPClassUID"),
            "patient_id": candidate.patient_id,
            "sha256": candidate.digests.sha256,
            "size_bytes": candidate.digests.size_bytes,
            "provenance": candidate.provenance,
            "receipt_key": candidate.receipt_key,
            "claimed_at": timezone.now(),
        },
    )
    if is_new:
        return Claim(instance_id=instance.pk)
    if instance.series_id != series.pk:
        is_here = instance.series.study.project_id == series.study.project_id
        if not is_here:
            return _foreign()
        return _other_series() if candidate.is_replacement else conflict()
    if candidate.is_replacement and instance.stored_at is not None:
        return _replace(instance, candidate)
    return _found_instance(instance, candidate)


def _found_instance(instance: Instance, candidate: Candidate) -> Claim:
    is_same = instance.sha256 == candidate.digests.sha256
    is_own = instance.receipt_key == candidate.receipt_key
    if instance.stored_at is not None:
        if is_own and not is_same and _waits_for_move(instance):
            return Claim(instance_id=instance.pk, outcome="stored")
        if not is_same:
            return conflict()
        return Claim(instance_id=instance.pk, outcome="stored") if is_own else duplicate()
    if is_same:
        return Claim(instance_id=instance.pk)
    if is_own or instance.claimed_at < timezone.now() - ABANDONED_AFTER:
        return _take_over(instance, candidate)
    return conflict()


def _waits_for_move(instance: Instance) -> bool:
    """Tell whether a stored file still carries a patient who was merged with another one."""
    project = instance.series.study.project
    return standing_of(project, instance.patient_id) is Standing.MERGED


def _replace(instance: Instance, candidate: Candidate) -> Claim:
    """Take a stored instance out of the index until the new file stands in its place."""
    if instance.sha256 == candidate.digests.sha256:
        return _found_instance(instance, candidate)
    claim = _take_over(instance, candidate)
    if claim.outcome:
        return claim
    study = instance.series.study
    if not candidate.is_moved:  # who moves instances keeps a record of each
        record_in(
            study.project, "worker", "instance.replaced", study, receipt=candidate.receipt_key
        )
    return replace(claim, replaced=instance)


def _take_over(instance: Instance, candidate: Candidate) -> Claim:
    """Make the row speak of `candidate`, unless somebody else changed it since it was read."""
    unchanged = Instance.objects.filter(
        pk=instance.pk,
        sha256=instance.sha256,
        receipt_key=instance.receipt_key,
        stored_at=instance.stored_at,
    )
    was_taken = unchanged.update(
        sha256=candidate.digests.sha256,
        size_bytes=candidate.digests.size_bytes,
        sop_class_uid=text_of(candidate.header, "SOPClassUID"),
        patient_id=candidate.patient_id,
        provenance=candidate.provenance,
        receipt_key=candidate.receipt_key,
        claimed_at=timezone.now(),
        stored_at=None,
    )
    return Claim(instance_id=instance.pk) if was_taken else conflict()


def give_back(candidate: Candidate, claim: Claim) -> None:
    """Bring back the row of an instance whose replacement the archive refused."""
    old = claim.replaced
    if old is not None:
        own = Instance.objects.filter(
            pk=old.pk, sha256=candidate.digests.sha256, receipt_key=candidate.receipt_key
        )
        own.update(
            sha256=old.sha256,
            size_bytes=old.size_bytes,
            sop_class_uid=old.sop_class_uid,
            patient_id=old.patient_id,
            provenance=old.provenance,
            receipt_key=old.receipt_key,
            stored_at=old.stored_at,
        )


def _other_series() -> Claim:
    return Claim(
        outcome="refused",
        code="other-series",
        sentence=_(
            "The archive holds the other image in another series, so it cannot be replaced; "
            "nothing was changed."
        ),
    )


def duplicate() -> Claim:
    """Return what is told of a file that is in the archive already, byte for byte."""
    return Claim(
        outcome="duplicate",
        code="already-stored",
        sentence=_("Exactly this image is in the archive already; nothing was changed."),
    )


def conflict() -> Claim:
    """Return what is told of a file whose UID is in the archive with other content."""
    return Claim(
        outcome="conflict",
        code="other-content",
        sentence=_(
            "The archive holds another image under the same UID; a data steward decides which one "
            "stays."
        ),
    )
