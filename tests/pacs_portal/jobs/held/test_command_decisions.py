"""Decisions about the files of a command, which stay where they are."""

import pytest
from django.db import connection

from pacs_portal.jobs.delivery import folder_option
from pacs_portal.jobs.held.rulings import rulings_by_content
from pacs_portal.jobs.held.waiting import count_waiting, waiting_files
from pacs_portal.jobs.models import Decision, Destination, HeldFile, Runner
from pacs_portal.jobs.options import JobOptions
from pacs_portal.jobs.services import create_job
from pacs_portal.jobs.worker import run_job_here
from pacs_portal.projects.keys import project_keys
from tests.explaining import explained

pytestmark = pytest.mark.usefixtures("acceptable")


@pytest.fixture
def command(upload, toy, tmp_path):
    """Return a function that runs the files as a command with --output does."""

    def run(files, destination=Destination.FOLDER):
        job = create_job(
            upload=upload(files),
            tool="toy",
            destination=destination,
            by=None,
            actor_label="cli:ada",
            options=JobOptions(sealed=folder_option(tmp_path / "out"), runner=Runner.COMMAND),
        )
        run_job_here(job)
        return job

    return run


def test_an_accepted_content_is_written_by_the_next_run_of_the_command(command, choose, outcomes):
    first = command({"in/1": b"hold me"})
    held = HeldFile.objects.get()
    assert (held.has_original, outcomes(first)[1]) == (False, ("held", "name-found"))
    choose(held, Decision.ACCEPT)
    first.refresh_from_db()
    assert (first.state, outcomes(first)[1]) == ("done", ("held", "accepted"))
    again = command({"in/1": b"hold me", "in/2": b"hold another"})
    assert outcomes(again) == {1: ("written", ""), 2: ("held", "name-found")}


def test_a_rejected_content_is_skipped_by_the_next_run_of_the_command(command, choose, outcomes):
    command({"in/1": b"hold me"})
    choose(HeldFile.objects.get(), Decision.REJECT)
    again = command({"in/1": b"hold me"})
    assert outcomes(again) == {1: ("skipped", "rejected")}
    assert HeldFile.objects.count() == 1


def test_a_decision_on_content_does_not_bind_uploads_through_the_portal(
    command, choose, finish, outcomes
):
    command({"in/1": b"hold me"})
    choose(HeldFile.objects.get(), Decision.ACCEPT)
    assert outcomes(finish({"in/1": b"hold me"}))[1] == ("held", "name-found")


def test_workers_end_what_a_command_put_aside(command, choose, outcomes):
    job = command({"in/1": b"hold me"}, destination=Destination.DOWNLOAD)
    choose(HeldFile.objects.get(), Decision.ACCEPT)
    job.refresh_from_db()
    assert (job.runner, job.state) == ("workers", "waiting")
    run_job_here(job)
    assert outcomes(job)[1] == ("written", "")


@pytest.mark.parametrize(
    "ask",
    [
        lambda job: rulings_by_content(job, project_keys(job.project_id)),
        lambda job: count_waiting(job.project),
        lambda job: list(waiting_files(job.project)),
    ],
)
def test_what_is_held_is_found_without_all_receipts_of_the_project(command, ask):
    job = command({"in/1": b"hold me"})
    plan = explained(lambda: ask(job))
    if connection.vendor == "sqlite":  # PostgreSQL goes by what it has counted in its tables
        assert "U0 USING INTEGER PRIMARY KEY" in plan
    assert "jobs_heldfile" in plan
