"""kill -9 while a steward decides, and while the file goes through its steps again."""

import hashlib
import signal
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file

from tests.pacs_portal.jobs.installations import Installation, prepared
from tests.services.orthanc import RunningOrthanc

JOBS = "pacs_portal.jobs"
DECIDING = [
    (f"{JOBS}.held.decisions:_settle", "after"),  # inside the transaction
    (f"{JOBS}.repeating:repeat_parts", "after"),
    (f"{JOBS}.held.aside:remove_settled", "before"),
]
RUNNING_AGAIN = [
    (f"{JOBS}.leases:claim", "after"),
    ("tests.pacs_portal.jobs.toys:ToyStep.run", "after"),
    (f"{JOBS}.placing:place", "after"),
    (f"{JOBS}.receipts:record_results", "before"),
    (f"{JOBS}.receipts:record_results", "after"),
    (f"{JOBS}.held.aside:remove_settled", "after"),
    (f"{JOBS}.receipts:end_part", "after"),
]
REPLACING = [
    ("pacs_portal.archive.claims:claim_all", "before"),
    ("pacs_portal.archive.claims:claim_all", "after"),
    ("pacs_portal.archive.orthanc:delete_instance", "before"),
    ("pacs_portal.archive.orthanc:delete_instance", "after"),
    ("pacs_portal.archive.orthanc:post_instance", "after"),
    ("pacs_portal.archive.storing:_marked", "after"),
    (f"{JOBS}.receipts:record_results", "before"),
    (f"{JOBS}.receipts:record_results", "after"),
]


def named(points: list[tuple[str, str]]) -> list[object]:
    return [
        pytest.param(point, when, id=f"{when}-{point.rpartition(':')[2]}") for point, when in points
    ]


@pytest.fixture(scope="module")
def held(tmp_path_factory) -> Installation:
    """An ended job with a file that waits for a steward."""
    files = {"a/1": b"one", "a/2": b"hold"}
    made = prepared(tmp_path_factory.mktemp("held") / "origin", "toys", files)
    assert made.finish()["outcomes"]["2"] == ["held", "name-found"]
    return made


def assert_accepted(here: Installation) -> None:
    found = here.finish()
    assert (found["state"], set(found["parts"])) == ("done", {"done"})
    assert found["outcomes"] == {"1": ["written", ""], "2": ["written", ""]}
    assert found["decisions"] == ["accept"]
    assert found["attempts"] == 3
    assert len(found["written"]) == 2
    assert found["written"] == found["outputs"]
    assert (found["held_folders"], found["work_folders"], found["originals"]) == (0, 0, [])


@pytest.mark.parametrize(("point", "when"), named(DECIDING))
def test_a_decision_that_is_killed_was_taken_whole_or_not_at_all(held, tmp_path, point, when):
    here = held.copy(tmp_path / "copy")
    assert here.decide(point, when, "1").returncode == -signal.SIGKILL
    assert here.decide().returncode == 0
    assert_accepted(here)


@pytest.mark.parametrize(("point", "when"), named(RUNNING_AGAIN))
def test_an_accepted_file_survives_the_death_of_its_worker(held, tmp_path, point, when):
    here = held.copy(tmp_path / "copy")
    assert here.decide().returncode == 0
    assert here.run(point, when, "1").returncode == -signal.SIGKILL
    assert_accepted(here)


@pytest.fixture(scope="module")
def conflicting(tmp_path_factory, own_orthanc) -> Installation:
    """Two images of one SOP Instance UID, as scanners and people make them."""
    first = Path(get_testdata_file("CT_small.dcm")).read_bytes()
    second = first[:-8000] + bytes(4000) + first[-4000:]
    return prepared(
        tmp_path_factory.mktemp("conflict") / "origin",
        "real",
        {"1.dcm": first, "2.dcm": second},
        **own_orthanc.environment,
    )


def files_in(orthanc: RunningOrthanc) -> list[bytes]:
    instances = orthanc.get("/instances").json()
    return [orthanc.get(f"/instances/{instance}/file").content for instance in instances]


@pytest.mark.parametrize(("point", "when"), named(REPLACING))
def test_a_replacement_survives_the_death_of_its_worker(
    conflicting, own_orthanc, tmp_path, point, when
):
    own_orthanc.empty()
    here = conflicting.copy(tmp_path / "copy")
    before = here.finish()
    assert before["outcomes"] == {"1": ["stored", ""], "2": ["held", "other-content"]}
    assert here.decide().returncode == 0
    assert here.run(point, when, "1").returncode == -signal.SIGKILL
    found = here.finish()
    assert found["state"] == "done"
    assert found["outcomes"] == {"1": ["stored", ""], "2": ["stored", ""]}
    assert (found["counted"], found["stored"]) == ([1], before["stored"])
    [file] = files_in(own_orthanc)
    assert found["digests"] == [hashlib.sha256(file).hexdigest()]
    assert found["digests"] != before["digests"]
    (tmp_path / "now.dcm").write_bytes(file)
    assert bytes(4000) in pydicom.dcmread(tmp_path / "now.dcm").PixelData
    assert (found["held_folders"], found["work_folders"], found["originals"]) == (0, 0, [])
