"""What comes between a transfer and its end: it fails alone, waits, or goes on where it was."""

import pytest

from pacs_portal.archive.models import Study
from pacs_portal.archive.services import delete_study
from pacs_portal.jobs.services import cancel_job, is_waiting_for_archive, retry_job
from pacs_portal.jobs.worker import run_job_here, take_one
from pacs_portal.projects.models import Membership, Role
from pseudonymizer.matches.decisions import Judgment, decide_match, open_matches
from pseudonymizer.models import MatchReason
from pseudonymizer.registry.patients import date_shift_of
from pseudonymizer.transfers.transfer import transfer
from tests.pseudonymizer.stored import datasets_of, outcomes, slice_bytes, store_files, stored_uids
from tests.pseudonymizer.transfers.bringing import HANS, bring, moved

pytestmark = pytest.mark.usefixtures("data_folders", "orthanc")


def test_an_image_that_is_deleted_meanwhile_fails_alone(project, target, member, steward, orthanc):
    store_files(
        project,
        member,
        slice_bytes(1, **HANS),
        slice_bytes(2, **HANS | {"StudyInstanceUID": "1.2.9", "SeriesInstanceUID": "1.2.9.1"}),
    )
    studies = list(Study.objects.filter(project=project).order_by("pk"))
    job = transfer(studies=studies, into=target, by=steward)
    delete_study(study=studies[0], by=steward)
    run_job_here(job)
    assert sorted(outcomes(job)) == [("failed", "gone"), ("stored", "")]


def test_a_cancelled_transfer_goes_on_where_it_was(project, target, member, steward, orthanc):
    store_files(project, member, slice_bytes(1, **HANS))
    job = transfer(studies=list(Study.objects.all()), into=target, by=steward)
    cancel_job(job=job, by=steward)
    retry_job(job=job, by=steward)
    run_job_here(job)
    assert outcomes(job) == [("stored", "")]
    assert not job.upload.files.exclude(state="gone").exists()


def test_rights_that_were_removed_count_at_once(project, target, member, steward, orthanc):
    store_files(project, member, slice_bytes(1, **HANS))
    job = transfer(studies=list(Study.objects.all()), into=target, by=steward)
    Membership.objects.filter(project=project, user=steward, role=Role.STEWARD).delete()
    run_job_here(job)
    assert outcomes(job) == [("failed", "not-allowed")]
    assert stored_uids(target) == []

    Membership.objects.create(project=project, user=steward, role=Role.STEWARD)
    retry_job(job=job, by=steward)
    run_job_here(job)
    assert outcomes(job) == [("stored", "")]


def test_an_archive_that_is_away_is_waited_for(project, target, member, steward, settings, orthanc):
    store_files(project, member, slice_bytes(1, **HANS))
    job = transfer(studies=list(Study.objects.all()), into=target, by=steward)
    settings.ORTHANC_URL, address = "http://127.0.0.1:1", settings.ORTHANC_URL
    assert take_one(job, lambda: False)
    assert is_waiting_for_archive(job)
    settings.ORTHANC_URL = address
    job.parts.update(not_before=None)
    run_job_here(job)
    assert outcomes(job) == [("stored", "")]


def test_who_may_be_known_in_the_other_project_waits_there_for_a_steward(
    project, target, member, steward, orthanc
):
    heinz = {**HANS, "PatientName": "Zwirbelmayr^Heinz", "StudyInstanceUID": "1.2.3.5"}
    store_files(target, steward, slice_bytes(7, **heinz))
    store_files(project, member, slice_bytes(1, **HANS))
    job = bring(project, target, steward)
    assert outcomes(job) == [("held", "possible-match")]
    match = open_matches(target).get()
    different = Judgment(is_same=False, reason=MatchReason.RELATIVES)
    decide_match(match=match, judgment=different, by=steward)
    run_job_here(job)
    assert outcomes(job) == [("stored", "")]
    copy = datasets_of(orthanc, target)[-1]
    assert copy.PatientID == match.patient.pseudonym
    assert copy.StudyDate == moved(date_shift_of(match.patient))
