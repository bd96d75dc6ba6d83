"""Several real processes store in one archive, and are killed while they do."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydicom.uid import generate_uid

from tests.migrated import ROOT, copy_migrated_data
from tests.pacs_portal.archive.instances import Sample, written
from tests.services.orthanc import RunningOrthanc

SERIES, PER_SERIES = 3, 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("storing")


@pytest.fixture(scope="module")
def archive(folder):
    orthanc = RunningOrthanc(folder / "orthanc")
    orthanc.start()
    yield orthanc
    orthanc.stop()


@pytest.fixture(scope="module")
def portal(folder, archive):
    """Return a function that starts a process of this module on one portal."""
    copy_migrated_data(folder / "data")
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "pacs_portal.settings",
        "PACS2GO_DATA": str(folder / "data"),
        "PACS2GO_KEYS_FILE": str(folder / "portal.keys"),
        "ORTHANC_URL": archive.url,
        "ORTHANC_USERNAME": archive.plan.username,
        "ORTHANC_PASSWORD": archive.plan.password,
    }

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", __name__, *arguments]
        return subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )

    prepared = start("prepare")
    prepared.communicate(timeout=60)
    assert prepared.returncode == 0
    return start


@dataclass(frozen=True)
class Batch:
    """One study of three series, written to disk, and the list of its files."""

    study_uid: str
    listed: str


@pytest.fixture
def batch(tmp_path) -> Batch:
    study_uid = generate_uid()
    rows = []
    for _series in range(SERIES):
        series = generate_uid()
        for number in range(PER_SERIES):
            sample = Sample(study_uid=study_uid, series_uid=series, number=number + 1)
            path, sha256 = written(sample, tmp_path)
            rows.append({"path": str(path), "sha256": sha256, "key": len(rows)})
    listed = tmp_path / "files.json"
    listed.write_text(json.dumps(rows))
    return Batch(study_uid, str(listed))


def counted(archive: RunningOrthanc, study_uid: str) -> int:
    """Return how many instances of the study Orthanc has."""
    return len(archive.get(f"/dicom-web/studies/{study_uid}/instances").json())


def finished(process: subprocess.Popen[str]) -> list[str]:
    """Return the outcomes that the process printed."""
    answer, _errors = process.communicate(timeout=90)
    assert process.returncode == 0
    return answer.split()


def test_two_workers_may_store_the_same_new_study_at_once(portal, batch, archive):
    workers = [portal("store", batch.listed, "0"), portal("store", batch.listed, "1000")]
    outcomes = [finished(worker) for worker in workers]
    # Every image was stored once, by either; for the other it was a duplicate.
    for pair in zip(*outcomes, strict=True):
        assert sorted(pair) == ["duplicate", "stored"]
    assert finished(portal("count", batch.study_uid)) == [str(SERIES), str(SERIES * PER_SERIES)]
    assert counted(archive, batch.study_uid) == SERIES * PER_SERIES


@pytest.mark.parametrize("point", ["claimed", "sent", "marked"])
def test_a_killed_worker_loses_nothing_and_doubles_nothing(portal, batch, archive, point):
    killed = portal("die", batch.listed, point)
    killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert set(finished(portal("store", batch.listed, "0"))) == {"stored"}
    assert finished(portal("count", batch.study_uid)) == [str(SERIES), str(SERIES * PER_SERIES)]
    assert counted(archive, batch.study_uid) == SERIES * PER_SERIES


def _run(command: str, *arguments: str) -> None:
    """Do what a worker does, in a process of its own."""
    import django

    django.setup()

    from pacs_portal.projects.models import Project

    if command == "prepare":
        Project.objects.create(key="live", name="Live", accepts_identified=True)
    elif command == "store":
        _store(arguments[0], int(arguments[1]))
    elif command == "die":
        _die_at(arguments[1])
        _store(arguments[0], 0)
    else:
        from pacs_portal.archive.models import Study

        study = Study.objects.get(study_instance_uid=arguments[0])
        print(study.series_count, study.instance_count)  # noqa: T201


def _store(listed: str, first_key: int) -> None:
    from pacs_portal.archive.services import NewInstance, store
    from pacs_portal.projects.models import Project

    rows = json.loads(Path(listed).read_text())
    project = Project.objects.get()
    for start in range(0, len(rows), 9):  # batches that cut across the series
        new = [
            NewInstance(Path(row["path"]), first_key + row["key"], row["sha256"], "tests/1")
            for row in rows[start : start + 9]
        ]
        print(*[result.outcome for result in store(project=project, files=new)])  # noqa: T201


def _die_at(point: str) -> None:
    """Kill this very process after a claim, after an instance was sent, or after the mark."""
    from pacs_portal.archive import orthanc, storing

    def killing(function):
        def call(*arguments, **named):
            result = function(*arguments, **named)
            calls.append(result)
            if len(calls) > 1:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return call

    calls: list[object] = []
    if point == "sent":
        orthanc.post_instance = killing(orthanc.post_instance)
    else:
        name = {"claimed": "claim_all", "marked": "_marked"}[point]
        setattr(storing, name, killing(getattr(storing, name)))


if __name__ == "__main__":
    _run(*sys.argv[1:])
