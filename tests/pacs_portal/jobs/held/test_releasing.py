"""Files that wait for something else than a decision about themselves."""

import pytest

from pacs_portal.jobs.held import waits
from pacs_portal.jobs.held.releasing import release_due
from pacs_portal.jobs.held.waits import register_wait
from pacs_portal.jobs.housekeeping import keep_house
from pacs_portal.jobs.models import HeldFile, JobPart, JobState, PartKind
from pacs_portal.jobs.services import cancel_job
from pacs_portal.jobs.worker import run_job_here

FILES = {"a/1": b"hold one", "a/2": b"hold two", "b/1": b"hold three", "b/2": b"four"}


@pytest.fixture
def over(monkeypatch) -> list[str]:
    """The studies whose wait is over; the toy's cause is one that waits."""
    studies: list[str] = []
    monkeypatch.setattr(waits, "_waits", {})
    register_wait("name-found", lambda plans: [plan["study"] in studies for plan in plans])
    return studies


@pytest.fixture
def job(over, finish):
    return finish(FILES)


@pytest.fixture
def study(job) -> str:
    return HeldFile.objects.first().receipt.unit.plan["study"]


def test_files_wait_until_their_wait_is_over(job, over, study, outcomes, project, steward) -> None:
    release_due(project, steward)
    assert [outcome for outcome, _ in outcomes(job).values()] == [*(3 * ["held"]), "written"]
    over.append(study)
    release_due(project, steward)
    run_job_here(job)
    assert [outcome for outcome, _ in outcomes(job).values()] == 4 * ["written"]
    assert set(HeldFile.objects.values_list("decided_by", flat=True)) == {steward.pk}


def test_all_files_of_a_part_go_on_in_one_part(job, over, study) -> None:
    before = JobPart.objects.filter(job=job, kind=PartKind.WORK).count()
    over.append(study)
    release_due()
    release_due()  # as a second process does
    assert JobPart.objects.filter(job=job, kind=PartKind.WORK).count() <= 2 * before
    assert not HeldFile.objects.filter(decision="").exists()


def test_another_projects_files_are_left_alone(job, over, study, site_admin) -> None:
    from pacs_portal.projects.services import NewProject, create_project

    other = create_project(NewProject("other", "Other"), actor=site_admin)
    over.append(study)
    release_due(other)
    assert HeldFile.objects.filter(decision="").count() == 3


def test_a_job_that_is_being_cancelled_is_waited_for(job, over, study, member, outcomes) -> None:
    job.state = JobState.RUNNING
    job.save()
    cancel_job(job=job, by=member)
    job.state = JobState.RUNNING
    job.save()
    over.append(study)
    release_due()
    assert HeldFile.objects.filter(decision="").count() == 3
    job.state = JobState.CANCELLED
    job.save()
    keep_house()
    run_job_here(job)
    assert [outcome for outcome, _ in outcomes(job).values()] == 4 * ["written"]
