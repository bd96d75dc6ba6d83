"""Receipts say that files are there, so they come after the disk; work goes on meanwhile."""

from errno import EIO
from threading import Event

import pytest

from pacs_portal.jobs import planning, receipts, recording, running
from pacs_portal.jobs.storage import flush_to_disk
from pacs_portal.jobs.worker import run_part

pytestmark = pytest.mark.django_db


@pytest.fixture
def one_part_of_small_batches(monkeypatch) -> None:
    monkeypatch.setattr(planning, "PARTS_PER_CORE", 1)
    monkeypatch.setattr(planning.os, "cpu_count", lambda: 1)
    monkeypatch.setattr(running, "BATCH_FILES", 1)


@pytest.mark.usefixtures("one_part_of_small_batches")
def test_the_next_batch_is_worked_on_while_the_disk_is_busy_and_receipts_wait_for_it(
    monkeypatch, toy, finish, outcomes
):
    events: list[str] = []
    has_second_begun = Event()

    def work(context, files):
        if files[0].path.read_bytes() == b"two":
            has_second_begun.set()
        return type(toy).run(toy, context, files)

    def flush(path):
        events.append("worked on" if has_second_begun.wait(timeout=20) else "waited")
        flush_to_disk(path)
        events.append("flushed")

    def record(lease, results):
        events.append("recorded")
        write(lease, results)

    write = receipts.record_results
    monkeypatch.setattr(toy, "run", work)
    monkeypatch.setattr(recording, "flush_to_disk", flush)
    monkeypatch.setattr(receipts, "record_results", record)
    job = finish({"a/1": b"one", "b/2": b"two"})
    assert events == ["worked on", "flushed", "recorded"] * 2
    assert outcomes(job) == {1: ("written", ""), 2: ("written", "")}


@pytest.mark.usefixtures("one_part_of_small_batches")
def test_what_is_delivered_has_its_receipt_when_a_service_goes_away_afterwards(
    data_folders, start, outcomes
):
    (data_folders / "away").touch()
    job = start({"a/1": b"one", "b/2": b"away"})
    for number in (0, 1):
        run_part(job.parts.get(number=number).pk)
    assert outcomes(job) == {1: ("written", ""), 2: ("waiting", "")}


@pytest.mark.usefixtures("one_part_of_small_batches")
def test_files_whose_folder_cannot_be_flushed_are_not_called_written(monkeypatch, finish, outcomes):
    def fail(path):
        raise OSError(EIO, "Input/output error")

    monkeypatch.setattr(recording, "flush_to_disk", fail)
    job = finish({"a/1": b"one"})
    assert outcomes(job) == {1: ("failed", "unforeseen")}
