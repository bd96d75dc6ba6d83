"""A steward lets a held file take the place of the stored one with its SOP Instance UID."""

import hashlib
from dataclasses import replace

import pytest

from pacs_portal.archive import orthanc as client
from pacs_portal.archive import storing
from pacs_portal.archive.errors import ArchiveRefusedError
from pacs_portal.archive.models import Instance, Study
from pacs_portal.archive.services import NewInstance, delete_study, store
from pacs_portal.audit.models import Event
from tests.pacs_portal.archive.instances import Sample, written


@pytest.fixture
def replaced(orthanc, tmp_path):
    """Return a function that stores a sample in place of what has its UID."""

    def replace_by(project, sample, receipt_key=2):
        path, sha256 = written(sample, tmp_path)
        new = NewInstance(path, receipt_key, sha256, "tests/1", is_replacement=True)
        return store(project=project, files=[new])[0]

    return replace_by


def files_of(orthanc, sample):
    """Return the digests of what Orthanc holds of the sample's study."""
    found = orthanc.get("/instances?expand").json()
    ids = [one["ID"] for one in found]
    files = [orthanc.get(f"/instances/{orthanc_id}/file").content for orthanc_id in ids]
    mine = [file for file in files if sample.study_uid.encode() in file]
    return [hashlib.sha256(file).hexdigest() for file in mine]


def test_the_new_file_takes_the_place_of_the_stored_one(
    orthanc, project, sample, replaced, tmp_path
):
    darker = replace(sample, shade=7)
    _, digest = written(darker, tmp_path)
    for _again in range(2):
        assert replaced(project, darker).outcome == "stored"
    assert files_of(orthanc, sample) == [digest]
    instance = Instance.objects.get()
    assert (instance.sha256, instance.receipt_key) == (digest, 2)
    assert instance.stored_at is not None
    study = Study.objects.get()
    assert (study.series_count, study.instance_count) == (1, 1)
    assert Event.objects.filter(action="instance.replaced").count() == 1


def test_a_replacement_of_nothing_is_stored(orthanc, project, replaced):
    sample = Sample()
    assert replaced(project, sample).outcome == "stored"
    assert len(files_of(orthanc, sample)) == 1
    assert not Event.objects.filter(action="instance.replaced").exists()


def test_the_image_of_another_project_is_never_replaced(
    orthanc, project, foreign, replaced, tmp_path
):
    before = files_of(orthanc, foreign)
    taken = replace(foreign, patient_id="HEART-1", shade=7)
    result = replaced(project, taken)
    assert (result.outcome, result.code) == ("refused", "uid-taken")
    same_instance = Sample(instance_uid=foreign.instance_uid, shade=7)
    result = replaced(project, same_instance)
    assert (result.outcome, result.code) == ("refused", "uid-taken")
    assert files_of(orthanc, foreign) == before


def test_the_image_of_another_series_is_never_replaced(orthanc, project, sample, replaced):
    before = files_of(orthanc, sample)
    result = replaced(project, Sample(instance_uid=sample.instance_uid, shade=7))
    assert (result.outcome, result.code) == ("refused", "other-series")
    assert files_of(orthanc, sample) == before


def test_a_deleted_study_stays_out(orthanc, project, sample, replaced, steward):
    delete_study(study=Study.objects.get(), by=steward)
    result = replaced(project, replace(sample, shade=7))
    assert (result.outcome, result.code) == ("refused", "study-deleted")
    assert files_of(orthanc, sample) == []


def test_what_the_archive_refuses_replaces_nothing(orthanc, project, sample, replaced, monkeypatch):
    before = Instance.objects.values().get()

    def refuse(path):
        raise ArchiveRefusedError

    monkeypatch.setattr(client, "post_instance", refuse)
    assert replaced(project, replace(sample, shade=7)).code == "archive-refused"
    after = Instance.objects.values().get()
    assert {**after, "claimed_at": None} == {**before, "claimed_at": None}
    assert files_of(orthanc, sample) == [before["sha256"]]


def test_of_two_stewards_at_once_one_replaces(orthanc, project, sample, replaced, monkeypatch):
    """The second comes while the file of the first is on its way."""
    post, later = client.post_instance, []

    def interrupted(path):
        if not later:
            later.append(None)
            later[0] = replaced(project, replace(sample, shade=9), receipt_key=3)
        return post(path)

    monkeypatch.setattr(client, "post_instance", interrupted)
    first = replaced(project, replace(sample, shade=7))
    assert (first.outcome, later[0].outcome) == ("stored", "conflict")
    assert files_of(orthanc, sample) == [Instance.objects.get().sha256]


@pytest.mark.parametrize(
    ("module", "name"),
    [(storing, "claim_all"), (client, "delete_instance"), (client, "post_instance")],
)
def test_a_replacement_cut_short_is_ended_by_the_next_try(
    orthanc, project, sample, replaced, tmp_path, monkeypatch, module, name
):
    darker = replace(sample, shade=7)
    original = getattr(module, name)

    def dies(*arguments):
        original(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, name, dies)
        with pytest.raises(KeyboardInterrupt):
            replaced(project, darker)
    assert replaced(project, darker).outcome == "stored"
    assert files_of(orthanc, sample) == [written(darker, tmp_path)[1]]
    assert Study.objects.get().instance_count == 1
    assert Event.objects.filter(action="instance.replaced").count() == 1
