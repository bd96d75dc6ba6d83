"""What a steward's decision about a possible match does to the files that wait for it."""

from dataclasses import replace
from pathlib import Path, PurePosixPath

import pydicom
import pytest
from django.urls import reverse
from pydicom.data import get_testdata_file

from pacs_portal.archive.services import Standing
from pacs_portal.jobs.delivery import folder_option
from pacs_portal.jobs.housekeeping import keep_house
from pacs_portal.jobs.models import Destination, HeldFile, Job, Runner
from pacs_portal.jobs.options import JobOptions
from pacs_portal.jobs.services import create_job
from pacs_portal.jobs.steps import GivenIdentity
from pacs_portal.jobs.worker import run_job_here
from pacs_portal.uploads.models import FileState
from pacs_portal.uploads.services import ManifestEntry, complete_upload, create_upload, receive_file
from pseudonymizer.matches.decisions import is_settled, open_matches
from pseudonymizer.matches.queue import waiting_counts
from pseudonymizer.models import PatientState, PossibleMatch, RegistryPatient
from pseudonymizer.registry.patients import current, resolve, standing_of
from tests.pseudonymizer.matches.people import DIFFERENT, HANS, HEINZ, SAME
from tests.pseudonymizer.stored import outcomes
from tests.pseudonymizer.suspecting import let_wait

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folders")]


def write_image(path: Path) -> bytes:
    """Write an image of Heinz."""
    dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    dataset.PatientName, dataset.PatientID = HEINZ.name, HEINZ.patient_id
    dataset.IssuerOfPatientID, dataset.PatientBirthDate = HEINZ.issuer, HEINZ.birth_date
    dataset.StudyInstanceUID = HEINZ.study_instance_uid
    dataset.save_as(path)
    return path.read_bytes()


@pytest.fixture
def heinz_job(project, member, heinz, tmp_path) -> Job:
    """A job over one image of Heinz, at its end."""
    content = write_image(tmp_path / "heinz.dcm")
    upload = create_upload(
        project=project,
        by=member,
        manifest=[ManifestEntry(PurePosixPath("heinz.dcm"), len(content))],
    )
    receive_file(upload, 1, [content])
    complete_upload(upload)
    job = create_job(
        upload=upload, tool="pseudonymize", destination=Destination.DOWNLOAD, by=member
    )
    run_job_here(job)
    return job


def written(job: Job, tmp_path: Path) -> list[str]:
    paths = sorted((tmp_path / "results" / str(job.pk)).rglob("*.dcm"))
    return [pydicom.dcmread(path).PatientID for path in paths]


def test_nothing_leaves_under_an_unsettled_pseudonym(project, heinz, heinz_job, tmp_path) -> None:
    assert outcomes(heinz_job) == [("held", "possible-match")]
    assert written(heinz_job, tmp_path) == []
    assert standing_of(project, heinz.pseudonym) is Standing.UNKNOWN


def test_a_held_file_leads_to_the_queue_which_counts_it(
    match, heinz, heinz_job, steward_client
) -> None:
    queue = reverse("registry_matches", args=["heart"])
    held = steward_client.get(reverse("project_held", args=["heart"]))
    assert f'href="{queue}"' in held.content.decode()
    assert '<td data-label="Files waiting" class="numeric">1</td>' in (
        steward_client.get(queue).content.decode()
    )
    assert waiting_counts(match.project) == {heinz.pk: 1}


def test_files_of_an_alias_count_for_whom_she_became(project, match, heinz, heinz_job) -> None:
    kept = resolve(project, replace(HANS, patient_id="Z-99", name="Kleiber^Ida"), None)
    RegistryPatient.objects.filter(pk=heinz.pk).update(
        state=PatientState.CONFIRMED, merged_into=kept
    )
    assert waiting_counts(project) == {kept.pk: 1}


def test_the_same_person_goes_on_under_the_older_pseudonym(
    match, heinz, hans, heinz_job, decide, tmp_path, project
) -> None:
    decide(match, SAME)
    heinz.refresh_from_db()
    assert current(heinz) == hans
    assert current(resolve(project, HEINZ, None)) == hans
    run_job_here(heinz_job)
    assert outcomes(heinz_job) == [("written", "")]
    assert written(heinz_job, tmp_path) == [hans.pseudonym]
    assert not HeldFile.objects.filter(decision="").exists()


def test_another_person_goes_on_under_her_own(
    match, heinz, heinz_job, decide, tmp_path, project
) -> None:
    decide(match, DIFFERENT)
    run_job_here(heinz_job)
    assert written(heinz_job, tmp_path) == [heinz.pseudonym]
    assert standing_of(project, heinz.pseudonym) is Standing.CURRENT
    assert not open_matches(project).exists()


def test_files_wait_until_every_pair_is_decided(
    match, heinz, heinz_job, decide, project, tmp_path
) -> None:
    ute = resolve(project, GivenIdentity(patient_id="B-2", name="Quastenflosser^Ute"), None)
    let_wait(heinz, ute)
    decide(match, DIFFERENT)
    heinz.refresh_from_db()
    assert not is_settled(heinz)
    assert outcomes(heinz_job) == [("held", "possible-match")]
    decide(open_matches(project).get(), SAME)
    run_job_here(heinz_job)
    assert written(heinz_job, tmp_path) == [ute.pseudonym]


def test_an_alias_of_somebody_unsettled_waits_with_her(
    match, heinz, heinz_job, hans, decide, project, tmp_path
) -> None:
    newer = resolve(project, replace(HEINZ, patient_id="C-3", study_instance_uid="1.2.8"), None)
    assert {row.candidate for row in newer.possible_matches.all()} == {heinz, hans}
    decide(newer.possible_matches.get(candidate=heinz), SAME)
    newer.refresh_from_db()
    assert not is_settled(newer)
    decide(match, SAME)
    newer = RegistryPatient.objects.get(pk=newer.pk)
    assert (is_settled(newer), current(newer)) == (True, hans)


def test_a_file_held_just_after_the_decision_goes_on_with_housekeeping(
    match, heinz, heinz_job, tmp_path
) -> None:
    """The worker had asked before the steward decided, and recorded afterwards."""
    PossibleMatch.objects.filter(pk=match.pk).delete()
    RegistryPatient.objects.filter(pk=heinz.pk).update(state=PatientState.CONFIRMED)
    keep_house()
    run_job_here(heinz_job)
    assert written(heinz_job, tmp_path) == [heinz.pseudonym]


def test_an_original_that_is_gone_is_said_to_be_gone(match, heinz_job, decide, settings) -> None:
    held = HeldFile.objects.get()
    for path in settings.HELD_DIR.rglob("original"):
        path.unlink()
    upload_file = held.receipt.upload_file
    upload_file.state = FileState.GONE
    upload_file.save()
    decide(match, DIFFERENT)
    run_job_here(heinz_job)
    assert outcomes(heinz_job) == [("failed", "gone")]


@pytest.mark.parametrize(("judgment", "whose"), [(SAME, "hans"), (DIFFERENT, "heinz")])
def test_the_next_run_of_a_command_honors_the_decision(
    judgment, whose, match, decide, project, tmp_path, request
) -> None:
    """Its files stay where they are, and so does what was decided about their patient."""
    write_image(tmp_path / "heinz.dcm")

    def run() -> Job:
        size = (tmp_path / "heinz.dcm").stat().st_size
        source = ManifestEntry(PurePosixPath("heinz.dcm"), size, source=tmp_path / "heinz.dcm")
        upload = create_upload(project=project, by=None, actor_label="cli:x", manifest=[source])
        job = create_job(
            upload=upload,
            tool="pseudonymize",
            destination=Destination.FOLDER,
            by=None,
            actor_label="cli:x",
            options=JobOptions(sealed=folder_option(tmp_path / "out"), runner=Runner.COMMAND),
        )
        run_job_here(job)
        return job

    first = run()
    assert outcomes(first) == [("held", "possible-match")]
    decide(match, judgment)
    assert outcomes(first) == [("held", "possible-match")]  # no worker writes a command's files
    assert outcomes(run()) == [("written", "")]
    (path,) = (tmp_path / "out").rglob("*.dcm")
    assert pydicom.dcmread(path).PatientID == request.getfixturevalue(whose).pseudonym
