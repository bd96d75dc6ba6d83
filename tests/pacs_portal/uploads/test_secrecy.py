"""Paths are identities: a portal of its own, on a real database file, is searched for them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.migrated import ROOT, copy_migrated_data

PLANTED = ("Mueller", "Hans_1956", "thorax", "Schmidt")
SCRIPT = """
import os, sys, zipfile
from pathlib import Path, PurePosixPath
import django
django.setup()
from django.db import connection
from pacs_portal.accounts.models import User
from pacs_portal.projects.services import NewProject, create_project
from pacs_portal.uploads.services import (
    ManifestEntry, complete_upload, create_upload, receive_file, unpack_containers)
ada = User.objects.create_user("ada@example.org", password="passphrase")
project = create_project(NewProject("heart", "Heart"), actor=ada, owner=ada)
packed = Path(os.environ["PACS2GO_DATA"]) / "made.zip"
with zipfile.ZipFile(packed, "w") as archive:
    archive.writestr("Schmidt_Eva/a.png", b"a")
content = packed.read_bytes()
packed.unlink()
manifest = [ManifestEntry(PurePosixPath("Mueller_Hans_1956/thorax.zip"), len(content))]
upload = create_upload(project=project, by=ada, manifest=manifest)
receive_file(upload, 1, [content])
complete_upload(upload)
assert list(unpack_containers(upload)) == []
assert upload.files.count() == 2
os._exit(0)  # no tidy end: the write-ahead log stays beside the database
"""


@pytest.fixture(scope="module")
def portal_folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("portal")
    copy_migrated_data(folder / "data")
    environment = os.environ | {
        "DATABASE_URL": "",
        "PACS2GO_DATA": str(folder / "data"),
        "PACS2GO_KEYS_FILE": str(folder / "pacs2go.keys"),
    }
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, env=environment, capture_output=True, check=False
    )
    assert result.returncode == 0, result.stderr.decode()
    (folder / "log").write_bytes(result.stdout + result.stderr)
    return folder


def test_no_file_of_the_portal_holds_a_path_in_clear(portal_folder):
    files = [path for path in portal_folder.rglob("*") if path.is_file()]
    assert any(path.name.endswith("-wal") and path.stat().st_size for path in files)
    for path in files:
        content = path.read_bytes()
        for planted in PLANTED:
            assert planted.encode() not in content, path.name
            assert planted.encode("utf-16-le") not in content, path.name
            assert planted.encode().hex().encode() not in content, path.name


def test_no_name_in_the_file_system_is_a_path_that_was_given(portal_folder):
    for path in portal_folder.rglob("*"):
        assert not any(planted in path.name for planted in PLANTED)
