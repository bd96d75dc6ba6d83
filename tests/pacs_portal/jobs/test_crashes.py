"""kill -9 of a worker, before and after each commit and effect: nothing is lost or doubled."""

import io
import signal
import zipfile
from pathlib import Path
from typing import Any

import pytest
from pydicom.data import get_testdata_file

from tests.pacs_portal.jobs.installations import Installation, picture, prepared
from tests.services.orthanc import RunningOrthanc

JOBS = "pacs_portal.jobs"
TOY = "tests.pacs_portal.jobs.toys:ToyStep"
TOY_POINTS = [
    (f"{JOBS}.leases:claim", "after", 1),
    ("pacs_portal.uploads.containers:_create_members", "before", 1),
    ("pacs_portal.uploads.containers:_create_members", "after", 1),
    (f"{JOBS}.planning:make_receipts", "after", 1),
    (f"{TOY}.prepare", "after", 2),
    (f"{JOBS}.planning:commit_plan", "before", 1),
    (f"{JOBS}.planning:commit_plan", "after", 1),
    (f"{TOY}.run", "before", 2),
    (f"{TOY}.run", "after", 2),
    (f"{JOBS}.placing:place", "before", 2),
    (f"{JOBS}.placing:place", "after", 2),
    (f"{JOBS}.held.aside:put_aside", "after", 1),
    (f"{JOBS}.receipts:write_results", "after", 2),  # inside the transaction
    (f"{JOBS}.receipts:record_results", "before", 1),
    (f"{JOBS}.receipts:record_results", "after", 1),
    (f"{JOBS}.receipts:end_part", "before", 3),
    (f"{JOBS}.receipts:end_part", "after", 3),
    ("pacs_portal.uploads.services:remove_original", "after", 1),
]
REAL_POINTS = [
    ("pseudonymizer.registry.patients:resolve_each", "before", 1),
    ("pseudonymizer.registry.patients:resolve_each", "after", 1),
    (f"{JOBS}.planning:commit_plan", "after", 1),
    ("pacs_portal.archive.claims:claim_all", "before", 1),
    ("pacs_portal.archive.claims:claim_all", "after", 1),
    ("pacs_portal.archive.orthanc:post_instance", "before", 2),
    ("pacs_portal.archive.orthanc:post_instance", "after", 1),
    ("pacs_portal.archive.orthanc:post_instance", "after", 2),
    ("pacs_portal.archive.storing:_marked", "after", 1),
    (f"{JOBS}.receipts:record_results", "before", 1),
    (f"{JOBS}.receipts:record_results", "after", 2),
    (f"{JOBS}.receipts:end_part", "after", 1),
]


def make_zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def toys(tmp_path_factory) -> Installation:
    files = {
        "a/1": b"one",
        "a/2": b"fail",
        "b/1": b"hold",
        "c/1": b"two",
        "z.zip": make_zip({"in/1": b"three", "in/2": b"four"}),
    }
    return prepared(tmp_path_factory.mktemp("toys") / "origin", "toys", files)


@pytest.fixture(scope="module")
def real(tmp_path_factory, own_orthanc) -> Installation:
    files = {
        "ct/1.dcm": Path(get_testdata_file("CT_small.dcm")).read_bytes(),
        "mr/1.dcm": Path(get_testdata_file("MR_small.dcm")).read_bytes(),
        "photos/1.png": picture(1),
        "photos/2.png": picture(2),
        "photos/notes.txt": b"no image",
    }
    return prepared(
        tmp_path_factory.mktemp("real") / "origin",
        "real",
        files,
        **own_orthanc.environment,
    )


def sop_instance_uids(orthanc: RunningOrthanc) -> list[str]:
    found = orthanc.get("/instances?expand").json()
    return sorted(instance["MainDicomTags"]["SOPInstanceUID"] for instance in found)


def named(points: list[tuple[str, str, int]]) -> list[Any]:
    return [
        pytest.param(point, when, number, id=f"{when}-{number}-{point.rpartition(':')[2]}")
        for point, when, number in points
    ]


@pytest.mark.parametrize(("point", "when", "number"), named(TOY_POINTS))
def test_a_killed_worker_loses_nothing_and_doubles_nothing(toys, tmp_path, point, when, number):
    here = toys.copy(tmp_path / "copy")
    assert here.run(point, when, str(number)).returncode == -signal.SIGKILL
    found = here.finish()
    assert found["state"] == "done"
    assert set(found["parts"]) == {"done"}
    assert found["outcomes"] == {
        "1": ["written", ""],
        "2": ["failed", "broken"],
        "3": ["held", "name-found"],
        "4": ["written", ""],
        "6": ["written", ""],
        "7": ["written", ""],
    }
    assert found["attempts"] == len(found["inputs"]) == 6
    assert len(found["written"]) == 4
    assert found["written"] == found["outputs"]
    assert (found["held"], found["held_folders"], found["work_folders"]) == (1, 1, 0)
    assert found["originals"] == ["2", "3"]


@pytest.mark.parametrize(("point", "when", "number"), named(REAL_POINTS))
def test_a_killed_worker_leaves_every_instance_in_orthanc_exactly_once(
    real, own_orthanc, tmp_path, point, when, number
):
    own_orthanc.empty()
    here = real.copy(tmp_path / "copy")
    assert here.run(point, when, str(number)).returncode == -signal.SIGKILL
    found = here.finish()
    assert found["state"] == "done"
    assert found["outcomes"] == {
        "1": ["stored", ""],
        "2": ["stored", ""],
        "3": ["stored", ""],
        "4": ["stored", ""],
        "5": ["failed", "not-an-image"],
    }
    assert found["attempts"] == 5
    assert found["outputs"] == found["stored"] == sop_instance_uids(own_orthanc)
    assert len(found["stored"]) == 4
    assert found["patients"] == 3  # CT, MR, the photos' folder
    assert found["work_folders"] == 0
    assert found["originals"] == ["5"]
