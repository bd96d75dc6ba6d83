from pathlib import PurePosixPath

import pytest

from pacs_portal.uploads import containers
from pacs_portal.uploads.errors import UploadBusyError
from pacs_portal.uploads.models import Upload
from pacs_portal.uploads.services import (
    ManifestEntry,
    announce_files,
    create_upload,
    input_files,
    local_path,
    receive_file,
    reopen_upload,
    unpack_containers,
    unpack_next,
)
from pacs_portal.uploads.storage import upload_folder
from pacs_portal.uploads.unpacking import UnpackLimits
from tests.pacs_portal.uploads.conftest import PNG, make_zip, paths_of


def test_zips_become_files_nested_ones_too(send):
    inner = make_zip(("Mueller/b.png", PNG), ("__MACOSX/._b.png", b"x"))
    upload = send({"Drop/scan.zip": make_zip(("a.png", PNG), ("deep/inner.zip", inner))})
    assert list(unpack_containers(upload)) == []
    assert paths_of(upload) == [
        "Drop/scan.zip",
        "Drop/scan.zip/a.png",
        "Drop/scan.zip/deep/inner.zip",
        "Drop/scan.zip/deep/inner.zip/Mueller/b.png",
        "Drop/scan.zip/deep/inner.zip/__MACOSX/._b.png",
    ]
    assert [file.kind for file in input_files(upload)] == ["png", "png", "system"]
    assert all(local_path(file).exists() for file in input_files(upload))
    assert not local_path(upload.files.get(number=1)).exists()


def test_a_zip_nested_too_deeply_is_refused_and_the_rest_unpacked(send):
    third = make_zip(("c.zip", make_zip(("d.png", PNG))))
    upload = send({"a.zip": make_zip(("b.zip", third), ("e.png", PNG))})
    refused = list(unpack_containers(upload))
    assert [code for _, code, _ in refused] == ["zip-nested"]
    assert [file.kind for file in input_files(upload)] == ["png", "zip"]


def test_a_refused_zip_stays_an_input_with_its_reason(send):
    upload = send({"bad.zip": make_zip(("../../escape", b"x")), "a.png": PNG})
    [(file, code, sentence)] = unpack_containers(upload)
    assert (file.number, code) == (1, "zip-path-escape")
    assert "escape" not in sentence
    assert [one.number for one in input_files(upload)] == [1, 2]


def test_a_bomb_is_called_a_bomb_where_the_disk_has_room(send, monkeypatch):
    monkeypatch.setattr(UnpackLimits, "most_bytes", lambda *_: 1000)
    upload = send({"bomb.zip": make_zip(("blank", bytes(2000)))})
    assert [code for _, code, _ in unpack_containers(upload)] == ["zip-bomb"]


def test_the_limits_count_over_all_zips_of_an_upload(send, settings):
    settings.ZIP_MAX_FILES = 3
    two = make_zip(("a", b"1"), ("b", b"2"))
    upload = send({"1.zip": two, "2.zip": two})
    assert [code for _, code, _ in unpack_containers(upload)] == ["zip-too-many-files"]


def test_unpacking_again_changes_nothing(send):
    upload = send({"a.zip": make_zip(("a.png", PNG))})
    list(unpack_containers(upload))
    before = list(upload.files.values_list("pk", "number", "state"))
    list(unpack_containers(upload))
    assert list(upload.files.values_list("pk", "number", "state")) == before


def test_a_killed_unpacking_is_done_again_without_a_trace(send, uploads_dir, monkeypatch):
    class Killed(BaseException):
        pass

    def kill(*_args, **_named):
        raise Killed

    upload = send({"a.zip": make_zip(("a.png", PNG), ("b.png", PNG))})
    folder = uploads_dir / str(upload.pk)
    with monkeypatch.context() as patch:
        patch.setattr(containers, "insert_files", kill)
        with pytest.raises(Killed):
            list(unpack_containers(upload))
    (folder / "9").write_bytes(b"left over")
    assert upload.files.count() == 1
    list(unpack_containers(upload))
    assert [file.number for file in input_files(upload)] == [2, 3]
    assert sorted(path.name for path in folder.iterdir()) == ["2", "3", "lock"]


def test_a_zip_whose_removal_was_not_reached_goes_next_time(send):
    upload = send({"a.zip": make_zip(("a.png", PNG))})
    list(unpack_containers(upload))
    left = local_path(upload.files.get(number=1))
    left.write_bytes(b"left over")
    list(unpack_containers(upload))
    assert not left.exists()


def test_a_zip_from_the_command_line_stays_where_it_is(project, tmp_path):
    source = tmp_path / "a.zip"
    source.write_bytes(make_zip(("a.png", PNG)))
    size_bytes = source.stat().st_size
    manifest = [ManifestEntry(PurePosixPath("a.zip"), size_bytes, source=source)]
    upload = create_upload(project=project, by=None, actor_label="cli:ada", manifest=manifest)
    list(unpack_containers(upload))
    assert source.exists()
    assert local_path(input_files(upload).get()).read_bytes() == PNG


@pytest.mark.parametrize(
    "files",
    [
        {"a.zip": make_zip(("x.png", PNG)), "a.zip/x.png": PNG},
        {"a.zip": make_zip(("b.zip", make_zip(("x.png", PNG))), ("b.zip/x.png", PNG))},
        {f"{3000 * 'd'}/a.zip": make_zip((3000 * "x", PNG)), "x.png": PNG},
    ],
    ids=["beside a folder of its name", "the same inside of a zip", "too long with its folder"],
)
def test_a_zip_whose_files_can_have_no_path_is_refused_and_leaves_nothing(send, files):
    upload = send(files)
    assert [code for _, code, _ in unpack_containers(upload)] in (
        ["zip-name-taken"],
        ["path-malformed"],
    )
    numbers = {str(file.number) for file in input_files(upload)}
    assert {path.name for path in upload_folder(upload.pk).path.iterdir()} == {*numbers, "lock"}


def test_a_zip_that_the_disk_does_not_give_is_refused_alone(project, tmp_path):
    source = tmp_path / "a.zip"
    source.write_bytes(make_zip(("a.png", PNG)))
    manifest = [ManifestEntry(PurePosixPath("a.zip"), source.stat().st_size, source=source)]
    upload = create_upload(project=project, by=None, actor_label="cli:ada", manifest=manifest)
    source.unlink()
    assert [code for _, code, _ in unpack_containers(upload)] == ["zip-unreadable"]


def test_an_upload_is_not_reopened_while_a_zip_of_it_is_unpacked(send, member, monkeypatch):
    upload = send({"a.zip": make_zip(("a.png", PNG))})
    unpack = containers.unpack_zip

    def unpack_while_another_tab_reopens(*arguments, **named):
        with pytest.raises(UploadBusyError):
            reopen_upload(Upload.objects.get(pk=upload.pk), by=member)
        return unpack(*arguments, **named)

    monkeypatch.setattr(containers, "unpack_zip", unpack_while_another_tab_reopens)
    assert list(unpack_containers(upload)) == []
    assert paths_of(upload) == ["a.zip", "a.zip/a.png"]
    reopen_upload(upload, by=member)


def test_a_zip_waits_while_its_upload_takes_more_files(send, member):
    upload = send({"a.zip": make_zip(("a.png", PNG))})
    as_the_other_tab_saw_it = Upload.objects.get(pk=upload.pk)
    reopen_upload(upload, by=member)
    announce_files(upload, [ManifestEntry(PurePosixPath("b.txt"), 3)])
    receive_file(upload, 2, [b"two"])
    assert unpack_next(as_the_other_tab_saw_it)
    assert paths_of(upload) == ["a.zip", "b.txt"]
    assert local_path(upload.files.get(number=2)).read_bytes() == b"two"
