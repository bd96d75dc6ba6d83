import io
import zipfile
from pathlib import PurePosixPath

import pytest

from pacs_portal.projects.keys import project_keys
from pacs_portal.uploads.models import Upload
from pacs_portal.uploads.services import (
    ManifestEntry,
    complete_upload,
    create_upload,
    receive_file,
    relative_path,
)

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


@pytest.fixture(autouse=True)
def uploads_dir(tmp_path, settings):
    settings.UPLOADS_DIR = tmp_path / "uploads"
    return settings.UPLOADS_DIR


def entry(path: str, content: bytes = b"") -> ManifestEntry:
    return ManifestEntry(PurePosixPath(path), len(content))


@pytest.fixture
def send(project, member):
    """Return a function that uploads {path: content} as the member and completes the upload."""

    def upload_all(files: dict[str, bytes]):
        manifest = [entry(path, content) for path, content in files.items()]
        upload = create_upload(project=project, by=member, manifest=manifest)
        for number, content in enumerate(files.values(), start=1):
            receive_file(upload, number, [content])
        complete_upload(upload)
        return upload

    return upload_all


def paths_of(upload: Upload) -> list[str]:
    keys = project_keys(upload.project_id)
    return [str(relative_path(file, keys)) for file in upload.files.all()]


def make_zip(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return buffer.getvalue()
