import os
from dataclasses import replace
from datetime import timedelta
from pathlib import PurePosixPath

import pytest
from django.utils import timezone

from pacs_portal.audit.models import Event
from pacs_portal.projects.keys import project_keys
from pacs_portal.uploads import manifest as manifests
from pacs_portal.uploads import storage
from pacs_portal.uploads.errors import (
    ManifestError,
    StorageFullError,
    UploadClosedError,
    UploadIncompleteError,
    WrongSizeError,
)
from pacs_portal.uploads.models import FileState, Upload, UploadState
from pacs_portal.uploads.services import (
    ManifestEntry,
    announce_files,
    complete_upload,
    create_upload,
    discard_stale_uploads,
    input_files,
    is_unpacking,
    local_path,
    missing_files,
    receive_file,
    remove_original,
    reopen_upload,
    sweep_storage,
    unpack_containers,
)
from tests.explaining import explained
from tests.pacs_portal.uploads.conftest import PNG, entry, make_zip, paths_of
from tests.stored import everything_stored


def test_a_file_arrives_with_its_bytes_kind_and_path(send):
    upload = send({"Mueller_Hans/thorax.png": PNG})
    file = input_files(upload).get()
    assert local_path(file).read_bytes() == PNG
    assert (file.kind, file.state) == ("png", FileState.RECEIVED)
    assert paths_of(upload) == ["Mueller_Hans/thorax.png"]


def test_files_lie_under_numbers_for_the_portal_alone(send):
    path = local_path(send({"Mueller/a.png": PNG}).files.get())
    assert path.name == "1"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_same_names_in_different_folders_stay_apart(send):
    upload = send({"a/1.png": PNG, "b/1.png": PNG + b"b"})
    assert [local_path(file).stat().st_size for file in upload.files.all()] == [28, 29]


@pytest.mark.parametrize("path", ["Mu\u0308ller/ä.dcm", "M\u00fcller/ä.dcm", "a\udcff.dcm", " x "])
def test_a_path_comes_back_exactly_as_it_was_given(project, member, path):
    upload = create_upload(project=project, by=member, manifest=[entry(path)])
    assert paths_of(upload) == [path]


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../a", "a/../../b", "a\0b", "x" * 5000])
def test_a_malformed_path_is_refused(project, member, path):
    with pytest.raises(ManifestError) as refusal:
        create_upload(project=project, by=member, manifest=[entry(path)])
    assert refusal.value.code == "path-malformed"
    assert not Upload.objects.exists()


def test_the_same_path_twice_is_refused(project, member):
    with pytest.raises(ManifestError) as refusal:
        create_upload(project=project, by=member, manifest=[entry("a"), entry("a")])
    assert refusal.value.code == "path-twice"


@pytest.fixture
def in_twos(monkeypatch) -> None:
    """A long manifest is announced in parts, here of two files."""
    monkeypatch.setattr(manifests, "FILES_AT_ONCE", 2)


@pytest.mark.usefixtures("in_twos")
def test_a_long_manifest_is_announced_in_parts_and_nobody_can_tell(project, tmp_path):
    (tmp_path / "image").write_bytes(PNG)
    paths = ["e", "d", "c", "b", "a"]
    entries = [replace(entry(path, PNG), source=tmp_path / "image") for path in paths]
    upload = create_upload(project=project, by=None, actor_label="cli:ada", manifest=entries)
    assert paths_of(upload) == paths
    assert (upload.state, upload.file_count) == (UploadState.COMPLETE, 5)
    assert Event.objects.get(action="upload.created").details["files"] == 5


@pytest.mark.usefixtures("in_twos")
def test_the_same_path_in_two_parts_of_a_manifest_is_refused(project, member):
    with pytest.raises(ManifestError) as refusal:
        create_upload(project=project, by=member, manifest=[entry(path) for path in "abca"])
    assert refusal.value.code == "path-twice"
    assert not Upload.objects.exists()


@pytest.mark.usefixtures("in_twos")
def test_a_manifest_that_is_refused_in_its_last_part_leaves_no_open_upload(
    project, member, settings
):
    settings.UPLOAD_MAX_FILES = 4
    with pytest.raises(ManifestError) as refusal:
        create_upload(project=project, by=member, manifest=[entry(path) for path in "abcde"])
    assert refusal.value.code == "too-many-files"
    assert Upload.objects.get().state == UploadState.DISCARDED


def test_a_path_announced_again_keeps_its_number(project, member):
    upload = create_upload(project=project, by=member, manifest=[entry("a", b"1"), entry("b")])
    receive_file(upload, 1, [b"1"])
    again = announce_files(upload, [entry("b"), entry("a", b"1"), entry("c")])
    assert [(one.number, one.is_missing) for one in again] == [(2, True), (1, False), (3, True)]
    assert upload.file_count == 3


def test_a_file_that_changed_its_size_is_refused(project, member):
    upload = create_upload(project=project, by=member, manifest=[entry("a", b"1")])
    with pytest.raises(ManifestError, match="changed its size"):
        announce_files(upload, [entry("a", b"12")])


def test_limits_of_count_and_bytes_hold(project, member, settings):
    settings.UPLOAD_MAX_FILES, settings.UPLOAD_MAX_BYTES = 1, 10
    for manifest in ([entry("a"), entry("b")], [entry("a", bytes(11))]):
        with pytest.raises(ManifestError, match="split it"):
            create_upload(project=project, by=member, manifest=manifest)


def test_what_is_missing_is_told_until_it_came(project, member):
    upload = create_upload(project=project, by=member, manifest=[entry("a", b"1"), entry("b")])
    receive_file(upload, 2, [])
    assert missing_files(upload) == [1]
    with pytest.raises(UploadIncompleteError):
        complete_upload(upload)
    receive_file(upload, 1, [b"1"])
    complete_upload(upload)
    assert missing_files(upload) == []


@pytest.mark.parametrize("content", [b"", b"12", b"1234"])
def test_a_file_of_another_size_leaves_nothing(project, member, uploads_dir, content):
    upload = create_upload(project=project, by=member, manifest=[entry("a", b"123")])
    with pytest.raises(WrongSizeError):
        receive_file(upload, 1, [content])
    assert missing_files(upload) == [1]
    assert list((uploads_dir / str(upload.pk)).iterdir()) == []


def test_a_broken_transfer_leaves_nothing(project, member, uploads_dir):
    def broken():
        yield b"12"
        raise ConnectionResetError

    upload = create_upload(project=project, by=member, manifest=[entry("a", b"123")])
    with pytest.raises(ConnectionResetError):
        receive_file(upload, 1, broken())
    assert list((uploads_dir / str(upload.pk)).iterdir()) == []


def test_a_file_sent_again_is_not_written_again(project, member):
    upload = create_upload(project=project, by=member, manifest=[entry("a", b"123")])
    receive_file(upload, 1, [b"123"])
    receive_file(upload, 1, [b"xyz"])
    assert local_path(upload.files.get()).read_bytes() == b"123"


def test_a_full_disk_is_told_before_anything_is_written(project, member, monkeypatch):
    monkeypatch.setattr(storage, "MIN_FREE_BYTES", 2**62)
    with pytest.raises(StorageFullError, match="administrator"):
        create_upload(project=project, by=member, manifest=[entry("a", b"1")])


def test_an_empty_upload_cannot_be_completed(project, member):
    with pytest.raises(ManifestError, match="no file"):
        complete_upload(create_upload(project=project, by=member))


def test_two_tabs_complete_an_upload_once(send):
    upload = send({"a": b"1"})
    complete_upload(Upload.objects.get(pk=upload.pk))
    assert Event.objects.filter(action="upload.completed").count() == 1


def test_a_completed_upload_takes_no_more(send):
    upload = send({"a": b"1"})
    with pytest.raises(UploadClosedError):
        receive_file(upload, 1, [b"1"])
    with pytest.raises(UploadClosedError):
        announce_files(upload, [entry("b")])


def test_a_command_reads_its_sources_in_place_and_never_removes_them(project, tmp_path):
    source = tmp_path / "Mueller.png"
    source.write_bytes(PNG)
    manifest = [ManifestEntry(PurePosixPath("Mueller.png"), len(PNG), source=source)]
    upload = create_upload(project=project, by=None, actor_label="cli:ada", manifest=manifest)
    file = input_files(upload).get()
    assert upload.state == UploadState.COMPLETE
    assert (local_path(file), file.kind) == (source, "png")
    remove_original(file)
    assert source.exists()


def test_an_original_that_is_done_with_is_removed(send, uploads_dir):
    upload = send({"a": b"1"})
    remove_original(upload.files.get())
    assert not (uploads_dir / str(upload.pk) / "1").exists()
    assert upload.files.get().state == FileState.GONE
    assert sweep_storage() == 1
    assert list(uploads_dir.iterdir()) == []


def test_sweeping_keeps_what_is_still_needed(send, uploads_dir):
    upload = send({"a": b"1"})
    assert sweep_storage() == 0
    assert local_path(upload.files.get()).exists()


def test_only_uploads_that_stand_still_are_discarded(project, member, uploads_dir):
    upload = create_upload(project=project, by=member, manifest=[entry("a", b"1"), entry("b")])
    receive_file(upload, 1, [b"1"])
    assert discard_stale_uploads(timedelta(days=1)) == 0
    assert discard_stale_uploads(timedelta(0)) == 1
    upload.refresh_from_db()
    assert upload.state == UploadState.DISCARDED
    assert not (uploads_dir / str(upload.pk)).exists()
    with pytest.raises(UploadClosedError):
        complete_upload(upload)


def test_who_reopens_an_old_upload_has_time_to_go_on(send, member, uploads_dir):
    upload = send({"a": b"1"})
    assert not is_unpacking(upload)  # the folder has its lock from now on
    long_ago = timezone.now() - timedelta(days=13)
    Upload.objects.filter(pk=upload.pk).update(created_at=long_ago, completed_at=long_ago)
    os.utime(uploads_dir / str(upload.pk), (long_ago.timestamp(),) * 2)
    reopen_upload(upload, by=member)
    assert discard_stale_uploads(timedelta(days=12)) == 0
    assert discard_stale_uploads(timedelta(0)) == 1


def test_no_path_stands_in_the_database_in_clear(send):
    upload = send({"Mueller_Hans_1956/thorax.zip": make_zip(("Schmidt_Eva/a.png", PNG))})
    list(unpack_containers(upload))
    content = everything_stored()
    assert upload.pk.hex in content
    for planted in ("mueller", "hans_1956", "thorax", "schmidt", "a.png"):
        assert planted not in content
        assert planted.encode().hex() not in content


def test_paths_are_looked_up_by_their_digests_among_all_files_of_an_upload(send):
    upload = send({"a/1.png": PNG, "a/2.png": PNG})
    keys = project_keys(upload.project_id)
    plan = explained(lambda: manifests.known_files(upload, [b"a/2.png"], keys))
    assert "path_digest=?" in plan or "upload_file_path_once" in plan
