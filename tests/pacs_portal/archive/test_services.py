import hashlib
from dataclasses import replace

import pytest
from django.core.exceptions import PermissionDenied
from pydicom.uid import DeflatedExplicitVRLittleEndian

from pacs_portal.archive import orthanc as client
from pacs_portal.archive.errors import ArchiveUnavailableError
from pacs_portal.archive.models import Instance, Series, Study, StudyState
from pacs_portal.archive.services import (
    NewInstance,
    delete_study,
    is_available,
    store,
    sweep_deletions,
)
from tests.pacs_portal.archive.instances import Sample, dataset_of, written
from tests.services.orthanc import free_port


def ask_orthanc(orthanc, sample):
    found = orthanc.get(f"/dicom-web/studies/{sample.study_uid}/instances")
    return len(found.json()) if found.is_success else 0


def test_a_stored_instance_is_in_orthanc_and_in_the_index(orthanc, project, stored):
    sample = Sample()
    result = stored(project, sample)
    assert result.outcome == "stored"
    assert result.sop_instance_uid == sample.instance_uid
    assert ask_orthanc(orthanc, sample) == 1
    study = Study.objects.get(study_instance_uid=sample.study_uid)
    assert (study.state, study.patient_id, study.modalities) == ("stored", "HEART-1", ["CT"])
    assert (study.series_count, study.instance_count, study.study_date) == (1, 1, "20200229")


def test_every_series_and_instance_is_counted_once(orthanc, project, tmp_path):
    first, second = Sample(), Sample(modality="MR")
    second = replace(second, study_uid=first.study_uid)
    samples = [first, second] + [
        replace(first, instance_uid=f"2.25.8{number}", number=number) for number in (2, 3)
    ]
    files = [
        NewInstance(path, key, sha256, "tests/1")
        for key, (path, sha256) in enumerate(written(sample, tmp_path) for sample in samples)
    ]
    for _again in range(2):
        results = store(project=project, files=files)
        assert [result.receipt_key for result in results] == [0, 1, 2, 3]
        assert {result.outcome for result in results} == {"stored"}
    study = Study.objects.get()
    assert (study.series_count, study.instance_count) == (2, 4)
    assert study.modalities == ["CT", "MR"]
    assert study.series.get(series_instance_uid=first.series_uid).instance_count == 3


def test_the_same_file_from_elsewhere_is_a_duplicate(project, stored):
    sample = Sample()
    stored(project, sample, receipt_key=1)
    assert stored(project, sample, receipt_key=2).outcome == "duplicate"
    assert stored(project, sample, receipt_key=1).outcome == "stored"
    assert Study.objects.get().instance_count == 1


def test_other_content_under_the_same_uid_is_a_conflict(orthanc, project, stored):
    sample = Sample()
    stored(project, sample)
    result = stored(project, replace(sample, shade=7), receipt_key=2)
    assert (result.outcome, result.code) == ("conflict", "other-content")
    assert Instance.objects.get().receipt_key == 1


def test_a_file_without_provenance_is_refused(orthanc, project, tmp_path):
    path, sha256 = written(Sample(), tmp_path)
    [result] = store(project=project, files=[NewInstance(path, 1, sha256, provenance="")])
    assert (result.outcome, result.code) == ("refused", "no-provenance")
    assert not Study.objects.exists()


def test_a_file_that_is_deflated_as_a_whole_is_refused(orthanc, project, tmp_path):
    sample, path = Sample(), tmp_path / "deflated.dcm"
    dataset = dataset_of(sample)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.save_as(path, enforce_file_format=True)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    [result] = store(project=project, files=[NewInstance(path, 1, sha256, "tests/1")])
    assert (result.outcome, result.code) == ("refused", "deflated")
    assert ask_orthanc(orthanc, sample) == 0


def test_a_patient_id_that_is_no_pseudonym_of_the_project_is_refused(orthanc, project, stored):
    sample = Sample(patient_id="LIVER-1")
    result = stored(project, sample)
    assert (result.outcome, result.code) == ("refused", "no-pseudonym")
    assert ask_orthanc(orthanc, sample) == 0
    assert not Study.objects.exists()


def test_a_project_that_accepts_identities_takes_any_patient_id(project, stored):
    project.accepts_identified = True
    project.save()
    assert stored(project, Sample(patient_id="0815")).outcome == "stored"


def test_a_study_of_another_project_is_refused_without_saying_so(
    project, other_project, pseudonyms, stored
):
    sample = Sample()
    stored(project, sample)
    pseudonyms.add(("liver", "HEART-1"))
    result = stored(other_project, replace(sample, instance_uid="2.25.77"))
    assert (result.outcome, result.code) == ("refused", "uid-taken")
    assert "heart" not in result.sentence.lower()
    assert Study.objects.get().project == project


def test_a_study_belongs_to_one_patient(project, pseudonyms, stored):
    sample = Sample()
    stored(project, sample)
    pseudonyms.add(("heart", "HEART-2"))
    result = stored(project, replace(sample, patient_id="HEART-2", instance_uid="2.25.78"))
    assert (result.outcome, result.code) == ("refused", "other-patient")


def test_a_file_that_changed_since_it_was_made_is_refused(orthanc, project, tmp_path):
    path, sha256 = written(Sample(), tmp_path)
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    [result] = store(project=project, files=[NewInstance(path, 1, sha256, "tests/1")])
    assert (result.outcome, result.code) == ("refused", "digest-differs")


@pytest.mark.parametrize("content", [b"", b"not DICOM", b"\0" * 128 + b"DICM" + b"\0\1\2\3"])
def test_a_broken_file_is_refused_and_the_others_are_stored(orthanc, project, tmp_path, content):
    from hashlib import sha256

    broken = tmp_path / "broken"
    broken.write_bytes(content)
    path, digest = written(Sample(), tmp_path)
    results = store(
        project=project,
        files=[
            NewInstance(broken, 1, sha256(content).hexdigest(), "tests/1"),
            NewInstance(path, 2, digest, "tests/1"),
        ],
    )
    assert [result.outcome for result in results] == ["refused", "stored"]


class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""


@pytest.mark.parametrize("effect_comes_first", [False, True])
def test_a_worker_killed_while_sending_is_followed_by_one_that_ends_the_work(
    orthanc, project, stored, monkeypatch, effect_comes_first
):
    sample, post = Sample(), client.post_instance

    def die(path):
        if effect_comes_first:
            post(path)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(client, "post_instance", die)
        with pytest.raises(Killed):
            stored(project, sample)
    assert Study.objects.get().state == StudyState.CLAIMED
    assert stored(project, sample).outcome == "stored"
    assert ask_orthanc(orthanc, sample) == 1
    assert Study.objects.get().instance_count == 1


def test_a_retry_with_other_bytes_replaces_what_a_dead_worker_left(
    orthanc, project, stored, monkeypatch
):
    sample, post = Sample(), client.post_instance

    def die(path):
        post(path)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(client, "post_instance", die)
        with pytest.raises(Killed):
            stored(project, sample)
    assert stored(project, replace(sample, shade=9)).outcome == "stored"
    [found] = orthanc.get("/instances?expand").json()[-1:]
    file = orthanc.get(f"/instances/{found['ID']}/file").content
    assert Instance.objects.get().size_bytes == len(file)


def test_orthanc_away_is_told_and_nothing_shows_until_it_is_back(
    orthanc, project, stored, settings
):
    sample, url = Sample(), orthanc.url
    settings.ORTHANC_URL = f"http://127.0.0.1:{free_port()}"
    assert not is_available()
    with pytest.raises(ArchiveUnavailableError) as told:
        stored(project, sample)
    assert "127.0.0.1" not in str(told.value)
    assert Study.objects.get().state == StudyState.CLAIMED
    settings.ORTHANC_URL = url
    assert is_available()
    assert stored(project, sample).outcome == "stored"


def test_wrong_credentials_count_as_no_archive(orthanc, project, stored, settings):
    settings.ORTHANC_PASSWORD = "wrong"
    assert not is_available()
    with pytest.raises(ArchiveUnavailableError):
        stored(project, Sample())


def test_a_steward_deletes_a_study_for_good(orthanc, project, stored, steward):
    sample = Sample()
    stored(project, sample)
    delete_study(study=Study.objects.get(), by=steward)
    assert ask_orthanc(orthanc, sample) == 0
    study = Study.objects.get()
    assert (study.state, study.patient_id, study.instance_count) == ("deleted", "", 0)
    assert not Series.objects.exists()
    assert stored(project, sample).code == "study-deleted"
    assert ask_orthanc(orthanc, sample) == 0


@pytest.mark.parametrize("person", ["owner", "member", "viewer", "stranger", "site_admin"])
def test_nobody_else_deletes_a_study(project, stored, request, person):
    stored(project, Sample())
    with pytest.raises(PermissionDenied):
        delete_study(study=Study.objects.get(), by=request.getfixturevalue(person))
    assert Study.objects.get().state == StudyState.STORED


def test_a_deletion_cut_short_is_finished_by_the_sweep(orthanc, project, stored, steward, settings):
    sample, url = Sample(), orthanc.url
    stored(project, sample)
    settings.ORTHANC_URL = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(ArchiveUnavailableError):
        delete_study(study=Study.objects.get(), by=steward)
    settings.ORTHANC_URL = url
    assert not Study.objects.visible_to(steward).exists()
    assert ask_orthanc(orthanc, sample) == 1
    assert sweep_deletions() == 1
    assert ask_orthanc(orthanc, sample) == 0
    assert not Instance.objects.exists()


def test_an_image_sent_while_its_study_is_deleted_does_not_stay(
    orthanc, project, stored, steward, monkeypatch
):
    sample, post = Sample(), client.post_instance
    stored(project, replace(sample, instance_uid="2.25.79"))

    def deleted_meanwhile(path):
        delete_study(study=Study.objects.get(), by=steward)
        return post(path)

    monkeypatch.setattr(client, "post_instance", deleted_meanwhile)
    assert stored(project, sample).code == "study-deleted"
    sweep_deletions()
    assert ask_orthanc(orthanc, sample) == 0
