"""kill -9 while patients are merged or parted: each image is old or new, never lost."""

import hashlib
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.pacs_portal.jobs.installations import Installation, prepared
from tests.pseudonymizer.merges.people import HANS, UTE
from tests.pseudonymizer.stored import slice_bytes
from tests.services.orthanc import RunningOrthanc

ARCHIVE, JOBS = "pacs_portal.archive", "pacs_portal.jobs"
POINTS = [
    (f"{JOBS}.archived:_note", "before", 1),
    (f"{JOBS}.archived:_note", "after", 1),
    (f"{JOBS}.planning:commit_plan", "after", 1),
    ("pseudonymizer.engine.readdressing:readdress_file", "after", 2),
    (f"{ARCHIVE}.claims:claim_all", "after", 1),
    (f"{ARCHIVE}.orthanc:post_instance", "after", 1),
    (f"{ARCHIVE}.orthanc:delete_instance", "after", 1),
    (f"{ARCHIVE}.orthanc:delete_instance", "before", 2),
    (f"{ARCHIVE}.storing:_marked", "before", 1),
    (f"{JOBS}.receipts:record_results", "before", 1),
    (f"{JOBS}.receipts:end_part", "after", 1),
]
IDS = [f"{when}-{number}-{point.rpartition(':')[2]}" for point, when, number in POINTS]
# Inside what a person asks for, before any image is touched.
CHANGING_POINTS = [
    ("pacs_portal.projects.services:record_in", "after"),
    (f"{ARCHIVE}.services:move_studies", "after"),
    (f"{JOBS}.services:create_job", "after"),
    ("pseudonymizer.merges.moving:start_moving", "after"),
]


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Iterator[RunningOrthanc]:
    running = RunningOrthanc(tmp_path_factory.mktemp("orthanc"))
    running.start()
    yield running
    running.stop()


def stored_in(folder: Path, archive: RunningOrthanc, **environment: str) -> Installation:
    """One image of Hans, two of Ute."""
    fill(archive, [])
    files = {"1": slice_bytes(1, **HANS), "2": slice_bytes(2, **UTE), "3": slice_bytes(3, **UTE)}
    login = {"ORTHANC_USERNAME": archive.plan.username, "ORTHANC_PASSWORD": archive.plan.password}
    made = prepared(folder, "real", files, ORTHANC_URL=archive.url, **login, **environment)
    assert len(made.finish()["stored"]) == 3
    return made


@dataclass
class Stage:
    """An installation between two changes, and what Orthanc held then."""

    installation: Installation
    files: list[bytes]

    def again(self, folder: Path, archive: RunningOrthanc) -> Installation:
        fill(archive, self.files)
        return self.installation.copy(folder)


@pytest.fixture(scope="module")
def stored(tmp_path_factory, archive) -> Stage:
    """Two patients."""
    made = stored_in(tmp_path_factory.mktemp("stored") / "origin", archive)
    return Stage(made, files_of(archive))


@pytest.fixture(scope="module")
def merged(tmp_path_factory, archive, stored) -> Stage:
    """They were merged; nothing is rewritten yet."""
    made = stored.again(tmp_path_factory.mktemp("merged") / "copy", archive)
    made.merge()
    return Stage(made, stored.files)


@pytest.fixture(scope="module")
def moved(tmp_path_factory, archive, merged) -> Stage:
    """All images are rewritten."""
    made = merged.again(tmp_path_factory.mktemp("moved") / "copy", archive)
    made.finish()
    return Stage(made, files_of(archive))


@pytest.fixture(scope="module")
def parted(tmp_path_factory, archive, moved) -> Stage:
    """The merge was undone; nothing is rewritten back yet."""
    made = moved.again(tmp_path_factory.mktemp("parted") / "copy", archive)
    made.undo_merge()
    return Stage(made, moved.files)


def fill(archive: RunningOrthanc, files: list[bytes]) -> None:
    """Let Orthanc hold these files and nothing else."""
    login = (archive.plan.username, archive.plan.password)
    with httpx.Client(auth=login, trust_env=False, base_url=archive.url) as client:
        for patient in client.get("/patients").json():
            client.delete(f"/patients/{patient}")
        for content in files:
            assert client.post("/instances", content=content).is_success


def files_of(archive: RunningOrthanc) -> list[bytes]:
    ids = sorted(archive.get("/instances").json())
    return [archive.get(f"/instances/{orthanc_id}/file").content for orthanc_id in ids]


def digests_of(files: list[bytes]) -> list[str]:
    return sorted(hashlib.sha256(content).hexdigest() for content in files)


@pytest.mark.parametrize(("point", "when", "number"), POINTS, ids=IDS)
def test_a_killed_worker_leaves_each_image_once_and_ends_the_move(
    merged, archive, tmp_path, point, when, number
) -> None:
    here = merged.again(tmp_path / "copy", archive)
    found = killed_and_ended(here, archive, (point, when, str(number)))
    files = files_of(archive)
    assert digests_of(files) == found["digests"]
    assert images_by_patient(archive) == [3]
    assert sum(content in merged.files for content in files) == 1  # the image of who was kept


@pytest.mark.parametrize(("point", "when", "number"), POINTS, ids=IDS)
def test_a_killed_worker_ends_an_undo_to_the_byte(
    stored, parted, archive, tmp_path, point, when, number
) -> None:
    here = parted.again(tmp_path / "copy", archive)
    found = killed_and_ended(here, archive, (point, when, str(number)))
    assert digests_of(files_of(archive)) == digests_of(stored.files) == found["digests"]
    assert len(set(found["indexed"])) == 2


def killed_and_ended(
    here: Installation, archive: RunningOrthanc, crash: tuple[str, str, str]
) -> dict[str, Any]:
    """Kill the worker that rewrites two of three images; return what the next one leaves."""
    assert here.run(*crash).returncode == -signal.SIGKILL
    cut_short = archive.get("/instances?expand").json()
    # Old, new, or both for a moment; none is missing.
    assert len({one["MainDicomTags"]["SOPInstanceUID"] for one in cut_short}) == 3

    found = here.finish()
    assert (found["state"], set(found["parts"])) == ("done", {"done"})
    assert found["outcomes"] == {"1": ["stored", ""], "2": ["stored", ""]}
    assert (found["work_folders"], found["originals"]) == (0, [])
    return found


@pytest.mark.parametrize("command", ["merge", "undo"])
@pytest.mark.parametrize(("point", "when"), CHANGING_POINTS)
def test_a_killed_request_changes_nothing_and_is_made_again(
    stored, moved, archive, tmp_path, point, when, command
) -> None:
    stage = stored if command == "merge" else moved
    here = stage.again(tmp_path / "copy", archive)
    before = here.inspect()
    killed = here.call(command, here.job, here.kind, point, when, "1")
    assert killed.returncode == -signal.SIGKILL
    assert here.inspect() == before
    change = here.merge if command == "merge" else here.undo_merge
    change()
    assert here.finish()["merges"] == [command == "undo"]
    assert images_by_patient(archive) == ([3] if command == "merge" else [1, 2])


def images_by_patient(archive: RunningOrthanc) -> list[int]:
    patients = Counter(
        archive.get(f"/instances/{orthanc_id}/patient").json()["MainDicomTags"]["PatientID"]
        for orthanc_id in archive.get("/instances").json()
    )
    return sorted(patients.values())


def test_a_move_that_was_cut_short_is_ended_on_postgresql_too(postgresql, archive, tmp_path):
    here = stored_in(tmp_path / "here", archive, DATABASE_URL=postgresql.new_portal())
    here.merge()
    assert images_by_patient(archive) != [3]
    ended = here.run(f"{ARCHIVE}.orthanc:post_instance", "after", "1")
    assert ended.returncode == -signal.SIGKILL
    assert here.finish()["outcomes"] == {"1": ["stored", ""], "2": ["stored", ""]}
    assert images_by_patient(archive) == [3]
