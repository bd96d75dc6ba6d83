"""What a steward's decision about a possible match does to patients and to the files that wait."""

from dataclasses import replace
from pathlib import Path, PurePosixPath

import pydicom
import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from pydicom.data import get_testdata_file

from pacs_portal.archive.services import Standing
from pacs_portal.audit.models import Event
from pacs_portal.jobs.delivery import folder_option
from pacs_portal.jobs.housekeeping import keep_house
from pacs_portal.jobs.models import Destination, HeldFile, Job, Runner
from pacs_portal.jobs.options import JobOptions
from pacs_portal.jobs.services import create_job
from pacs_portal.jobs.steps import GivenIdentity
from pacs_portal.jobs.worker import run_job_here
from pacs_portal.uploads.models import FileState
from pacs_portal.uploads.services import (
    ManifestEntry,
    complete_upload,
    create_upload,
    receive_file,
)
from pseudonymizer.errors import MatchDecidedError, RegistryError
from pseudonymizer.matches.decisions import Judgment, decide_match, is_settled, open_matches
from pseudonymizer.matches.queue import waiting_counts
from pseudonymizer.merges.merging import merges_with, undo_merge
from pseudonymizer.models import (
    MatchReason,
    MatchState,
    PatientState,
    PossibleMatch,
    RegistryPatient,
)
from pseudonymizer.registry.patients import current, resolve, standing_of
from tests.pseudonymizer.suspecting import let_wait

pytestmark = pytest.mark.django_db

HANS = GivenIdentity(
    patient_id="A-471108",
    issuer="CLINIC",
    name="Zwirbelmayr^Hans",
    birth_date="19560228",
    study_instance_uid="1.2.3",
)
HEINZ = replace(HANS, name="Zwirbelmayr^Heinz", study_instance_uid="1.2.4")
SAME = Judgment(is_same=True, reason=MatchReason.SPELLING)
DIFFERENT = Judgment(is_same=False, reason=MatchReason.RELATIVES)


@pytest.fixture(autouse=True)
def data_folders(tmp_path, settings) -> None:
    settings.DATA_DIR = tmp_path
    for name in ("uploads", "work", "held", "results"):
        setattr(settings, f"{name.upper()}_DIR", tmp_path / name)


@pytest.fixture
def hans(project) -> RegistryPatient:
    return resolve(project, HANS, None)


@pytest.fixture
def heinz(project, hans) -> RegistryPatient:
    """Somebody new who may be Hans."""
    return resolve(project, HEINZ, None)


@pytest.fixture
def match(project, heinz) -> PossibleMatch:
    return open_matches(project).get()


@pytest.fixture
def decide(steward):
    """Return a function that decides as the steward, of a fresh copy of the row."""

    def decide_fresh(match: PossibleMatch, judgment: Judgment) -> None:
        fresh = PossibleMatch.objects.get(pk=match.pk)
        decide_match(match=fresh, judgment=judgment, by=steward)

    return decide_fresh


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


def outcomes(job: Job) -> list[tuple[str, str]]:
    return list(job.receipts.values_list("outcome", "code"))


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


def test_a_decision_for_the_same_person_can_be_undone(
    match, heinz, hans, decide, steward, project
) -> None:
    decide(match, SAME)
    (made,) = merges_with(hans)
    undo_merge(made=made, by=steward, reason=MatchReason.RELATIVES)
    assert resolve(project, HEINZ, None) == heinz
    assert resolve(project, HANS, None) == hans
    heinz.refresh_from_db()
    assert is_settled(heinz)


def test_another_person_goes_on_under_her_own(
    match, heinz, heinz_job, decide, tmp_path, project
) -> None:
    decide(match, DIFFERENT)
    run_job_here(heinz_job)
    assert written(heinz_job, tmp_path) == [heinz.pseudonym]
    assert standing_of(project, heinz.pseudonym) is Standing.CURRENT
    assert not open_matches(project).exists()


def test_a_pair_called_different_is_not_asked_again(match, heinz, decide, project) -> None:
    decide(match, DIFFERENT)
    again = resolve(project, replace(HEINZ, study_instance_uid="1.2.9"), None)
    assert (again, again.state) == (heinz, PatientState.CONFIRMED)
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


def test_who_is_found_to_be_somebody_is_asked_about_no_further(match, heinz, decide, project):
    ute = resolve(project, GivenIdentity(patient_id="B-2", name="Quastenflosser^Ute"), None)
    let_wait(heinz, ute)
    decide(match, SAME)
    assert not open_matches(project).exists()
    left = PossibleMatch.objects.get(candidate=ute)
    assert left.state == MatchState.MOOT
    with pytest.raises(MatchDecidedError):
        decide(left, SAME)


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


def test_of_two_stewards_at_once_the_second_is_told(match, decide) -> None:
    decide(match, DIFFERENT)
    with pytest.raises(MatchDecidedError, match="already"):
        decide(match, SAME)
    match.refresh_from_db()
    assert match.state == MatchState.DIFFERENT


@pytest.mark.parametrize("who", ["owner", "member", "viewer", "stranger", "site_admin"])
def test_only_stewards_decide(match, who: str, request) -> None:
    with pytest.raises(PermissionDenied):
        decide_match(match=match, judgment=SAME, by=request.getfixturevalue(who))
    match.refresh_from_db()
    assert match.state == MatchState.OPEN


def test_a_reason_has_to_speak_for_the_decision(match, decide) -> None:
    with pytest.raises(RegistryError, match="reason"):
        decide(match, Judgment(is_same=True, reason=MatchReason.RELATIVES))


BARE = GivenIdentity(patient_id="A-471108")


@pytest.fixture
def bare(project, hans) -> list[RegistryPatient]:
    """Three studies that say no more than the number of Hans, and one that says more."""
    identities = [replace(BARE, study_instance_uid=f"1.2.9.{number}") for number in range(3)]
    other = replace(BARE, sex="M", study_instance_uid="1.2.9.9")
    return [resolve(project, identity, None) for identity in (*identities, other)]


@pytest.mark.parametrize(("judgment", "joined"), [(SAME, 3), (DIFFERENT, 0)])
def test_a_number_alone_is_asked_about_once_for_all_its_studies(
    project, hans, bare, decide, steward, judgment, joined
) -> None:
    match = open_matches(project).get(patient=bare[0], candidate=hans)
    assert decide_match(match=match, judgment=judgment, by=steward, for_alike=True) == 3
    for patient in bare:
        patient.refresh_from_db()
    assert sum(current(patient) == hans for patient in bare) == joined
    assert not open_matches(project).filter(candidate=hans, patient__in=bare[:3]).exists()
    assert bare[3].state == PatientState.PROVISIONAL  # says something else, so it waits
    action = "registry.match_same" if joined else "registry.match_different"
    assert Event.objects.filter(action=action).count() == 3


def test_without_being_asked_for_a_decision_is_about_one_pair(
    project, hans, bare, decide, steward
) -> None:
    match = open_matches(project).get(patient=bare[0], candidate=hans)
    decide(match, SAME)
    assert open_matches(project).filter(candidate=hans, patient__in=bare[1:3]).count() == 2


def test_the_audit_log_says_who_decided_and_names_nobody(match, decide, steward) -> None:
    decide(match, SAME)
    event = Event.objects.get(action="registry.match_same")
    assert (event.actor_id, event.target_id) == (steward.pk, str(match.pk))
    assert event.details == {"reason": "spelling"}
    match.refresh_from_db()
    assert match.decided_by == steward


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
