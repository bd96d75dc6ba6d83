"""The only way into Orthanc: claim, send, mark as stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop as _
from pydicom.uid import DeflatedExplicitVRLittleEndian

from pacs_portal.archive import orthanc
from pacs_portal.archive.claims import (
    Candidate,
    Claim,
    claim_all,
    conflict,
    duplicate,
    give_back,
)
from pacs_portal.archive.errors import ArchiveRefusedError, UnreadableInstanceError
from pacs_portal.archive.headers import digests_of, read_header, text_of
from pacs_portal.archive.models import Instance, Series, Study, StudyState
from pacs_portal.archive.standing import MERGED_SENTENCE, PATIENT_MERGED, Standing, standing_of
from pacs_portal.projects.models import Project

# Orthanc 1.10 dies of a memory fault now and then when it unpacks such a file for somebody.
DEFLATED = _(
    "The archive takes no file that is compressed as a whole (Deflated Explicit VR). Save it "
    "uncompressed, or pseudonymize it."
)


@dataclass(frozen=True)
class NewInstance:
    """A file to be stored; `receipt_key` says for whom, so that a second try is recognized."""

    path: Path
    receipt_key: int
    sha256: str
    provenance: str  # engine and profile version that made it
    is_replacement: bool = False  # a steward wants it instead of what has its SOP Instance UID
    is_moved: bool = False  # it is the stored one, now another patient's; replaces it


@dataclass(frozen=True)
class StoreResult:
    """What became of one file: "stored", "duplicate", "conflict" or "refused", and why."""

    receipt_key: int
    outcome: str
    code: str = ""
    sentence: str = ""
    study_instance_uid: str = ""
    series_instance_uid: str = ""
    sop_instance_uid: str = ""


def store(*, project: Project, files: Sequence[NewInstance]) -> list[StoreResult]:
    """Store `files` in `project`; one result per file, in their order.

    May be called again after a crash at any point: UIDs are claimed first, then the file is sent,
    then the claim is marked as stored, and each of these finds its own work done.

    Raises
    ------
    ArchiveUnavailableError
        If Orthanc is away; what it took until then is marked as stored.
    """
    results: dict[int, StoreResult] = {}
    candidates: dict[int, Candidate] = {}
    for number, file in enumerate(files):
        try:
            candidates[number] = _examined(project, file)
        except UnreadableInstanceError as error:
            results[number] = StoreResult(file.receipt_key, "refused", error.code, error.sentence)
    results |= _stored(project, candidates)
    return [results[number] for number in range(len(files))]


def _examined(project: Project, file: NewInstance) -> Candidate:
    if not file.provenance:
        raise UnreadableInstanceError(
            "no-provenance",
            _("Only what the pseudonymizer or the converter made may be stored; run one of them."),
        )
    digests = digests_of(file.path)
    if digests.sha256 != file.sha256:
        raise UnreadableInstanceError(
            "digest-differs", _("The file changed since it was made; start the job again.")
        )
    header = read_header(file.path)
    if header.file_meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
        raise UnreadableInstanceError("deflated", DEFLATED)
    standing = standing_of(project, text_of(header, "PatientID"))
    if standing is Standing.MERGED:
        raise UnreadableInstanceError(PATIENT_MERGED, MERGED_SENTENCE)
    if standing is Standing.UNKNOWN and not project.accepts_identified:
        raise UnreadableInstanceError(
            "no-pseudonym",
            _("The patient ID is no pseudonym of this project; pseudonymize the file first."),
        )
    return Candidate(
        path=file.path,
        receipt_key=file.receipt_key,
        provenance=file.provenance,
        header=header,
        digests=digests,
        is_replacement=file.is_replacement or file.is_moved,
        is_moved=file.is_moved,
    )


def _stored(project: Project, candidates: dict[int, Candidate]) -> dict[int, StoreResult]:
    order = sorted(candidates, key=lambda number: _claim_order(candidates[number]))
    claims = claim_all(project, [candidates[number] for number in order])
    sent: dict[int, Claim] = {}
    marked: dict[int, Claim] = {}
    try:
        for number, claim in zip(order, claims, strict=True):
            sent[number] = claim if claim.outcome else _sent(candidates[number], claim)
    finally:
        # Also when Orthanc went away in between: what it has is marked before anything else.
        marked = _marked(candidates, sent)
    return {number: _result(candidates[number], marked[number]) for number in candidates}


def _claim_order(candidate: Candidate) -> tuple[str, str, str, int]:
    return (
        candidate.study_instance_uid,
        candidate.series_instance_uid,
        candidate.sop_instance_uid,
        candidate.receipt_key,
    )


def _result(candidate: Candidate, claim: Claim) -> StoreResult:
    return StoreResult(
        receipt_key=candidate.receipt_key,
        outcome=claim.outcome,
        code=claim.code,
        sentence=claim.sentence,
        study_instance_uid=candidate.study_instance_uid,
        series_instance_uid=candidate.series_instance_uid,
        sop_instance_uid=candidate.sop_instance_uid,
    )


def _sent(candidate: Candidate, claim: Claim) -> Claim:
    """Send one claimed file; Orthanc keeps the first file of a UID and says so."""
    try:
        posted = orthanc.post_instance(candidate.path)
    except ArchiveRefusedError:
        # Nothing was deleted yet: what was to be replaced is still there.
        give_back(candidate, claim)
        return Claim(
            outcome="refused",
            code="archive-refused",
            sentence=_("The archive does not accept this file as DICOM; check the original."),
        )
    if posted.is_new or _holds(posted.orthanc_id, candidate):
        if candidate.is_moved:
            _remove_former(candidate, posted.orthanc_id)
        return claim
    return _resent(candidate, claim, posted.orthanc_id)


def _remove_former(candidate: Candidate, orthanc_id: str) -> None:
    """Remove the instance under its former patient: for Orthanc it is another one."""
    for former_id in orthanc.instance_ids(candidate.sop_instance_uid):
        if former_id != orthanc_id:
            orthanc.delete_instance(former_id)


def _resent(candidate: Candidate, claim: Claim, orthanc_id: str) -> Claim:
    """Replace what Orthanc holds for a row that is this claim's and not marked as stored."""
    if not _claimed_rows(candidate, claim).filter(stored_at=None).exists():
        return conflict()
    orthanc.delete_instance(orthanc_id)
    posted = orthanc.post_instance(candidate.path)
    if not posted.is_new and not _holds(posted.orthanc_id, candidate):
        return conflict()
    return claim


def _holds(orthanc_id: str, candidate: Candidate) -> bool:
    return orthanc.instance_md5(orthanc_id) == candidate.digests.md5


def _marked(candidates: dict[int, Candidate], sent: dict[int, Claim]) -> dict[int, Claim]:
    """Mark what Orthanc has and count; a claim lost meanwhile answers what became of it."""
    studies = {candidates[number].study_instance_uid for number, c in sent.items() if not c.outcome}
    marked = dict(sent)
    with transaction.atomic():
        locked = Study.objects.select_for_update().filter(study_instance_uid__in=studies)
        readable = {study.study_instance_uid for study in locked.order_by("pk") if study.is_kept}
        for number, claim in sent.items():
            if not claim.outcome:
                is_kept = candidates[number].study_instance_uid in readable
                marked[number] = _mark(candidates[number], claim, is_kept)
        for uid in sorted(readable):
            _count(uid)
    return marked


def _mark(candidate: Candidate, claim: Claim, is_kept: bool) -> Claim:
    if not is_kept:
        # Deleted while the file was on its way: sweep_deletions() removes it from Orthanc.
        return Claim(
            outcome="refused",
            code="study-deleted",
            sentence=_("A steward deleted this study from the project; it stays out."),
        )
    rows = _claimed_rows(candidate, claim)
    if rows.filter(stored_at=None).update(
        stored_at=timezone.now(), receipt_key=candidate.receipt_key
    ):
        return Claim(instance_id=claim.instance_id, outcome="stored")
    if rows.filter(receipt_key=candidate.receipt_key).exists():
        return Claim(instance_id=claim.instance_id, outcome="stored")
    return duplicate() if rows.exists() else conflict()


def _claimed_rows(candidate: Candidate, claim: Claim) -> QuerySet[Instance]:
    """Return the claim's row while it still speaks of this very file."""
    rows = Instance.objects.filter(sha256=candidate.digests.sha256)
    return rows.filter(pk__in=[claim.instance_id])


def _count(study_instance_uid: str) -> None:
    """Count anew what is stored of a study: exact whatever happened before."""
    study = Study.objects.get(study_instance_uid=study_instance_uid)
    is_stored = Q(instances__stored_at__isnull=False)
    counted = study.series.annotate(stored=Count("instances", filter=is_stored)).order_by("pk")
    modalities: set[str] = set()
    instance_count = series_count = 0
    for series in counted:
        if series.instance_count != series.stored:
            Series.objects.filter(pk=series.pk).update(instance_count=series.stored)
        if series.stored:
            series_count, instance_count = series_count + 1, instance_count + series.stored
            modalities.add(series.modality)
    if instance_count:
        study.state = StudyState.STORED
    study.series_count, study.instance_count = series_count, instance_count
    study.modalities = sorted(modalities - {""})
    study.save()
