"""Real instances, made on the spot and stored in a real Orthanc."""

from pathlib import Path

import pytest

from pacs_portal.archive import standing as standing_module
from pacs_portal.archive.services import NewInstance, Standing, StoreResult, store
from pacs_portal.projects.models import Project
from tests.pacs_portal.archive.instances import Sample, written
from tests.services.orthanc import RunningOrthanc


@pytest.fixture
def pseudonyms(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str]]:
    """Return the set of (project key, pseudonym) that the registry would know."""
    known: set[tuple[str, str]] = set()

    def standing(project: Project, text: str) -> Standing:
        return Standing.CURRENT if (project.key, text) in known else Standing.UNKNOWN

    monkeypatch.setattr(standing_module, "_checks", [standing])
    return known


@pytest.fixture
def project(project, pseudonyms) -> Project:
    """The project of all tests, with one pseudonym."""
    pseudonyms.add((project.key, "HEART-1"))
    return project


@pytest.fixture
def other_project(db, pseudonyms) -> Project:
    pseudonyms.add(("liver", "LIVER-1"))
    return Project.objects.create(key="liver", name="Liver")


@pytest.fixture
def stored(orthanc: RunningOrthanc, tmp_path: Path):
    """Return a function that stores a sample in a project and answers the result."""

    def store_sample(project: Project, sample: Sample, receipt_key: int = 1) -> StoreResult:
        path, sha256 = written(sample, tmp_path)
        new = NewInstance(path, receipt_key, sha256, provenance="tests/1")
        return store(project=project, files=[new])[0]

    return store_sample


@pytest.fixture
def sample(project, stored) -> Sample:
    """A stored study of the project."""
    made = Sample()
    assert stored(project, made).outcome == "stored"
    return made


@pytest.fixture
def foreign(other_project, stored) -> Sample:
    """A stored study of a project in which nobody here has a role."""
    made = Sample(patient_id="LIVER-1", patient_name="LIVER-1", study_description="Liver")
    assert stored(other_project, made, receipt_key=99).outcome == "stored"
    return made
