"""The portal on PostgreSQL: the tests of what a database decides, and a job by command."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pydicom
import pytest
from pydicom.data import get_testdata_file

from tests.command_line import ROOT, CommandLine, read_report

ALIKE = [
    "tests/pacs_portal/audit",
    "tests/pacs_portal/test_known_values.py",
    "tests/pacs_portal/test_inserting.py",
    "tests/pacs_portal/projects/test_keys.py",
    "tests/pacs_portal/archive/test_search.py",
    "tests/pacs_portal/jobs/test_leases.py",
    "tests/pacs_portal/jobs/test_services.py",
    "tests/pacs_portal/jobs/held/test_decisions.py",
    "tests/pacs_portal/jobs/held/test_command_decisions.py",
    "tests/pseudonymizer/registry/test_patients.py",
    "tests/pseudonymizer/registry/test_many_at_once.py",
    "tests/pseudonymizer/matches/test_decisions.py",
    "tests/pseudonymizer/matches/test_waiting_files.py",
    "tests/pseudonymizer/merges/test_late_images.py",
    "tests/pseudonymizer/merges/test_merging.py",
    "tests/pseudonymizer/lists/test_importing.py",
    "tests/pseudonymizer/disclosure/test_approvals.py",
    "tests/pseudonymizer/disclosure/test_approval_pages.py",
]
SERIES_COUNT = 3


@pytest.mark.timeout(400)
def test_what_a_database_decides_is_decided_alike(postgresql) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *ALIKE]
    done = subprocess.run(
        [*command, "-k", "not sqlite and not postgresql"],  # those start databases of their own
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": postgresql.new_database()},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-5000:]


@pytest.fixture(scope="module")
def portal(tmp_path_factory, postgresql) -> CommandLine:
    environment = {"DATABASE_URL": postgresql.new_portal()}
    made = CommandLine(tmp_path_factory.mktemp("portal"), environment)
    made.start_portal()
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two slices in each of three series, and a file that is held."""
    made = tmp_path / "Zwirbelmayr"
    made.mkdir()
    for number in range(2 * SERIES_COUNT):
        dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
        dataset.PatientName, dataset.PatientID = "Zwirbelmayr^Hans", "A-471108"
        dataset.SeriesInstanceUID = f"1.2.4.{number % SERIES_COUNT}"
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number}"
        dataset.save_as(made / f"{number}.dcm")
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.3.12.2.1107.5.9.1"
    dataset.save_as(made / "held.dcm")
    return made


@pytest.mark.parametrize("target", ["--output", "--store"])
def test_a_command_does_its_job_and_a_second_run_finds_it_done(
    portal, own_orthanc, folder, tmp_path, target
) -> None:
    report, out = tmp_path / "report.json", tmp_path / "out"
    where = [target, out] if target == "--output" else [target]
    for outcome in ("written" if target == "--output" else "stored", "duplicate"):
        ended = portal.run(
            *("pseudonymize", folder, "--project", "heart", *where),
            *("--workers", "2", "--report", report),
            **own_orthanc.environment,
        )
        assert ended.status == 1
        assert "Traceback" not in ended.err
        assert read_report(report)["counts"] == {outcome: 2 * SERIES_COUNT, "held": 1}
    patients = {pydicom.dcmread(path).PatientID for path in out.rglob("*.dcm")}
    assert len(patients) == (1 if target == "--output" else 0)
    stored = own_orthanc.get("/patients?expand").json()
    assert len(stored) == (0 if target == "--output" else 1)


def test_audit_events_stay_as_they_are(portal) -> None:
    with psycopg.connect(portal.environment["DATABASE_URL"]) as connection:
        for statement in (
            "UPDATE audit_event SET action = 'x'",
            "DELETE FROM audit_event",
            "TRUNCATE audit_event CASCADE",
        ):
            with pytest.raises(psycopg.errors.RaiseException, match="never changed"):
                connection.execute(statement)
            connection.rollback()
        (count,) = connection.execute("SELECT count(*) FROM audit_event").fetchone()
    assert count > 0
