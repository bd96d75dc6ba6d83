"""The names of an upload's files in one go: sealed together, so that a page opens them quickly.

Opening 100,000 sealed paths one by one takes seconds, and the page asks again with every choice.
The file lies in the upload's folder, sealed like the paths themselves, and goes with it.
"""

import json
import os
import tempfile
import zlib
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Count, Max

from pacs_portal.jobs.review.outlooks import NamedFile
from pacs_portal.projects.errors import KeyFileError
from pacs_portal.projects.keys import Label, project_keys, sealing_keys
from pacs_portal.uploads.models import Upload
from pacs_portal.uploads.paths import open_path
from pacs_portal.uploads.services import input_files
from pacs_portal.uploads.storage import upload_folder

NAME = "names"
Row = tuple[int, str, str]  # number, kind, path


def named_files(upload: Upload, kinds: Collection[str]) -> list[NamedFile]:
    """Return the files of some kinds that a job would work on."""
    root = upload_folder(upload.pk).path
    rows = _rows(upload, root / NAME)
    return [NamedFile(number, kind, path, root) for number, kind, path in rows if kind in kinds]


def _rows(upload: Upload, cache: Path) -> list[Row]:
    state = _state(upload)
    known = _kept(upload, cache)
    if known is not None and known["state"] == state:
        rows: list[Row] = known["rows"]
        return rows
    rows = _opened(upload)
    with suppress(OSError):  # without it the page is only slower
        _keep(upload, cache, {"state": state, "rows": rows})
    return rows


def _state(upload: Upload) -> list[int]:
    """Return what changes when a zip is unpacked or a file goes."""
    found = input_files(upload).aggregate(count=Count("pk"), last=Max("number"))
    return [found["count"], found["last"] or 0]


def _opened(upload: Upload) -> list[Row]:
    keys = project_keys(upload.project_id)
    rows = input_files(upload).order_by("number").values_list("number", "kind", "sealed_path")
    return [
        (number, kind, open_path(keys, upload.pk, number, bytes(sealed)))
        for number, kind, sealed in rows.iterator(chunk_size=5000)
    ]


def _kept(upload: Upload, cache: Path) -> dict[str, Any] | None:
    try:
        keys = project_keys(upload.project_id)
        plain = keys.unseal(Label.PATHS, cache.read_bytes(), context=_place(upload))
        known: dict[str, Any] = json.loads(zlib.decompress(plain))
        return known
    except (OSError, KeyFileError):  # never made, or sealed under keys that were rotated since
        return None


def _keep(upload: Upload, cache: Path, names: dict[str, Any]) -> None:
    plain = zlib.compress(json.dumps(names).encode("ascii"), 1)
    with transaction.atomic():
        sealed = sealing_keys(upload.project_id).seal(Label.PATHS, plain, context=_place(upload))
    descriptor, part = tempfile.mkstemp(".part", NAME, cache.parent)
    try:
        with os.fdopen(descriptor, "wb") as output:
            output.write(sealed)
        Path(part).replace(cache)
    finally:
        Path(part).unlink(missing_ok=True)


def _place(upload: Upload) -> str:
    return f"{upload.pk} names"
