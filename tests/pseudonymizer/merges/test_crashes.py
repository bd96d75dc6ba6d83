"""kill -9 while the images of a merged patient are rewritten: each is old or new, never lost."""

import hashlib
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

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


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Iterator[RunningOrthanc]:
    running = RunningOrthanc(tmp_path_factory.mktemp("orthanc"))
    running.start()
    yield running
    running.stop()


def merged_in(folder: Path, archive: RunningOrthanc, **environment: str) -> Installation:
    """One image of Hans, two of Ute, merged; nothing is rewritten yet."""
    files = {"1": slice_bytes(1, **HANS), "2": slice_bytes(2, **UTE), "3": slice_bytes(3, **UTE)}
    login = {"ORTHANC_USERNAME": archive.plan.username, "ORTHANC_PASSWORD": archive.plan.password}
    made = prepared(folder, "real", files, ORTHANC_URL=archive.url, **login, **environment)
    assert len(made.finish()["stored"]) == 3
    made.merge()
    return made


@pytest.fixture(scope="module")
def merged(tmp_path_factory, archive) -> Installation:
    return merged_in(tmp_path_factory.mktemp("merged") / "origin", archive)


@pytest.fixture(scope="module")
def originals(merged, archive) -> list[bytes]:
    """What Orthanc held before."""
    return files_of(archive)


@pytest.fixture
def here(merged, originals, archive, tmp_path) -> Installation:
    """The installation and Orthanc as they were after the merge."""
    fill(archive, originals)
    return merged.copy(tmp_path / "copy")


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


@pytest.mark.parametrize(
    ("point", "when", "number"),
    [pytest.param(*one, id=f"{one[1]}-{one[2]}-{one[0].rpartition(':')[2]}") for one in POINTS],
)
def test_a_killed_worker_leaves_each_image_once_and_ends_the_move(
    here, originals, archive, point, when, number
) -> None:
    assert here.run(point, when, str(number)).returncode == -signal.SIGKILL
    cut_short = archive.get("/instances?expand").json()
    # Old, new, or both for a moment; none is missing.
    assert len({one["MainDicomTags"]["SOPInstanceUID"] for one in cut_short}) == 3

    found = here.finish()
    assert (found["state"], set(found["parts"])) == ("done", {"done"})
    assert found["outcomes"] == {"1": ["stored", ""], "2": ["stored", ""]}
    assert (found["work_folders"], found["originals"]) == (0, [])
    files = files_of(archive)
    assert digests_of(files) == found["digests"]
    assert images_by_patient(archive) == [3]
    assert sum(content in originals for content in files) == 1  # the image of who was kept


def images_by_patient(archive: RunningOrthanc) -> list[int]:
    patients = Counter(
        archive.get(f"/instances/{orthanc_id}/patient").json()["MainDicomTags"]["PatientID"]
        for orthanc_id in archive.get("/instances").json()
    )
    return list(patients.values())


def test_a_move_that_was_cut_short_is_ended_on_postgresql_too(postgresql, archive, tmp_path):
    fill(archive, [])
    here = merged_in(tmp_path / "here", archive, DATABASE_URL=postgresql.new_portal())
    assert images_by_patient(archive) != [3]
    ended = here.run(f"{ARCHIVE}.orthanc:post_instance", "after", "1")
    assert ended.returncode == -signal.SIGKILL
    assert here.finish()["outcomes"] == {"1": ["stored", ""], "2": ["stored", ""]}
    assert images_by_patient(archive) == [3]
