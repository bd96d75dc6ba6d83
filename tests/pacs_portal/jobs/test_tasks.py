from pathlib import Path, PurePosixPath

import pytest

from pacs_portal.jobs.delivery import folder_option
from pacs_portal.jobs.models import (
    Destination,
    HeldFile,
    JobPart,
    JobState,
    JobUnit,
    Outcome,
    PartKind,
    ReceiptAttempt,
    Runner,
)
from pacs_portal.jobs.options import JobOptions
from pacs_portal.jobs.planning import cut_into_parts
from pacs_portal.jobs.report import short_report
from pacs_portal.jobs.services import create_job, progress, report
from pacs_portal.jobs.steps import PlannedUnit, StepFile
from pacs_portal.jobs.storage import held_dir, results_dir
from pacs_portal.jobs.worker import run_job_here, run_part


def written(job) -> list[str]:
    return sorted(path.name for path in results_dir(job.pk).rglob("*.dcm"))


def test_every_file_gets_one_receipt_and_every_output_lies_below_the_pseudonym(
    finish, outcomes, settings
):
    job = finish({"a/1": b"one", "a/2": b"two", "b/1": b"three"})
    assert outcomes(job) == {1: ("written", ""), 2: ("written", ""), 3: ("written", "")}
    assert job.state == JobState.DONE
    assert len(written(job)) == 3
    assert [path.name for path in results_dir(job.pk).iterdir()] == ["TOY-1"]
    assert progress(job).done == progress(job).total == 3


def test_nothing_is_left_in_the_work_folder_and_originals_go_with_the_last_receipt(
    finish, settings
):
    job = finish({"a/1": b"one", "a/2": b"fail"})
    assert list(settings.WORK_DIR.iterdir()) == []
    states = dict(job.upload.files.values_list("number", "state"))
    assert states == {1: "gone", 2: "received"}


def test_a_file_that_fails_does_not_stop_the_others(finish, outcomes):
    job = finish({"a/1": b"one", "a/2": b"fail", "a/3": b"skip"})
    assert outcomes(job) == {
        1: ("written", ""),
        2: ("failed", "broken"),
        3: ("skipped", "not-needed"),
    }


def test_an_unforeseen_error_fails_its_own_file_only_and_its_text_reaches_nobody(
    finish, outcomes, caplog
):
    job = finish({"a/1": b"one", "a/2": b"stumble", "a/3": b"three", "b/1": b"four"})
    assert outcomes(job) == {
        1: ("written", ""),
        2: ("failed", "unforeseen"),
        3: ("written", ""),
        4: ("written", ""),
    }
    assert "Mueller" not in job.receipts.get(outcome=Outcome.FAILED).reason


def test_empty_system_and_unfit_files_end_without_a_step(finish, outcomes):
    job = finish({"a": b"", "b/.DS_Store": b"x", "c.pdf": b"%PDF-1.4", "d": b"one"})
    assert outcomes(job) == {
        1: ("failed", "empty"),
        2: ("skipped", "system-file"),
        3: ("failed", "not-a-toy"),
        4: ("written", ""),
    }


def test_a_held_file_is_put_aside_with_its_output_and_delivered_nowhere(finish, outcomes):
    job = finish({"a/1": b"hold", "a/2": b"two"})
    assert outcomes(job) == {1: ("held", "name-found"), 2: ("written", "")}
    held = HeldFile.objects.get(receipt__job=job)
    assert (held.cause, held.stage, held.has_original, held.has_output) == (
        "name-found",
        "toy",
        True,
        True,
    )
    folder = held_dir(held.pk)
    assert (folder / "original").read_bytes() == b"hold"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert len(written(job)) == 1


def test_a_file_that_was_dropped_twice_is_written_once(finish, outcomes):
    job = finish({"a/1": b"one", "b/1": b"one"})
    assert outcomes(job) == {1: ("written", ""), 2: ("duplicate", "twice")}
    assert len(written(job)) == 1


def test_two_different_images_under_one_uid_are_a_conflict_for_a_steward(finish, outcomes):
    job = finish({"a/1": b"one as x", "b/1": b"two as x"})
    assert outcomes(job) == {1: ("written", ""), 2: ("held", "uid-conflict")}
    assert len(written(job)) == 1


def test_a_plan_that_stopped_workers_too_often_fails_the_job(start, settings):
    job = start({"a/1": b"one"})
    JobPart.objects.filter(job=job).update(attempts=settings.PART_MAX_ATTEMPTS)
    run_job_here(job)
    assert job.state == JobState.FAILED


def test_the_file_that_kills_workers_fails_alone(start, outcomes):
    job = start({"a/1": b"one", "b/1": b"two"})
    run_part(job.parts.get().pk)
    deadly = JobUnit.objects.get(receipts__upload_file__number=1)
    JobUnit.objects.filter(pk=deadly.pk).update(attempts=2)  # two workers died over it
    JobPart.objects.filter(job=job, kind=PartKind.WORK).update(attempts=1)
    run_job_here(job)
    assert outcomes(job) == {1: ("failed", "stopped-worker"), 2: ("written", "")}


@pytest.fixture
def run_command(toy, upload, tmp_path):
    """Return a function that does what a command with --output does: (files) -> (job, folder)."""

    def run(files: dict[str, bytes]):
        target = tmp_path / "Müller"
        job = create_job(
            upload=upload(files),
            tool="toy",
            destination=Destination.FOLDER,
            by=None,
            actor_label="cli:tester",
            options=JobOptions(sealed=folder_option(target), runner=Runner.COMMAND),
        )
        run_job_here(job)
        return job, target

    return run


def test_a_command_writes_into_its_folder_and_reports_every_input(run_command, outcomes):
    job, target = run_command({"a/1": b"one", "a/2": b"hold"})
    assert outcomes(job) == {1: ("written", ""), 2: ("held", "name-found")}
    (made,) = target.rglob("*.dcm")
    told = report(job)
    assert told["counts"] == {"written": 1, "held": 1}
    assert told["files"][0]["outputs"][0]["path"] == str(made)
    held = HeldFile.objects.get(receipt__job=job)
    assert (held.has_original, held_dir(held.pk).exists()) == (False, False)


def test_a_short_report_counts_every_input_and_names_those_that_did_not_end_well(run_command):
    job, _ = run_command({"a/1": b"one", "a/2": b"hold", "a/3": b"three"})
    short, whole = short_report(job), report(job)
    assert short["counts"] == whole["counts"] == {"held": 1, "written": 2}
    assert short["files"] == [whole["files"][1]]


def test_a_file_that_ends_has_its_try_in_the_history(run_command):
    job, _ = run_command({"a/1": b"one", "a/2": b"hold"})
    tries = ReceiptAttempt.objects.filter(receipt__job=job).order_by("receipt")
    told = [(row.number, row.outcome, row.code, row.reason) for row in tries]
    receipts = job.receipts.order_by("pk")
    assert told == [(1, row.outcome, row.code, row.reason) for row in receipts]
    assert [row.outcome for row in receipts] == ["written", "held"]


def test_a_command_never_overwrites_a_file_it_did_not_write(run_command, outcomes):
    job, target = run_command({"a/1": b"one as x", "a/2": b"two as x"})
    assert outcomes(job) == {1: ("written", ""), 2: ("failed", "name-taken")}
    assert len(list(target.rglob("*.dcm"))) == 1
    assert not list(target.rglob("*.part"))


def test_a_file_that_goes_while_its_job_is_planned_stops_no_plan():
    gone = StepFile(Path("/nowhere/1"), (1,), "png", PurePosixPath("1.png"))
    assert list(cut_into_parts([PlannedUnit((gone,))])) == [[PlannedUnit((gone,))]]


def test_parts_become_smaller_so_that_no_core_waits_long_for_the_last(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    units = [PlannedUnit((), values={"n": n}) for n in range(100)]
    parts = list(cut_into_parts(units))
    sizes = [len(part) for part in parts]
    assert [unit for part in parts for unit in part] == units
    assert sizes == sorted(sizes, reverse=True)
    assert (sizes[0], sizes[-8:]) == (13, [1] * 8)
