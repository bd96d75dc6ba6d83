"""Rows that were inserted many at a time are those that the models would have saved."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError

from pacs_portal.inserting import insert_rows
from pacs_portal.jobs.models import Destination, Job, JobPart, JobUnit, PartKind
from pacs_portal.uploads.models import FileState, Upload, UploadFile

WHEN = datetime(2026, 11, 28, 12, 30, 15, 123456, tzinfo=UTC)


@pytest.fixture
def upload(project, member) -> Upload:
    return Upload.objects.create(project=project, created_by=member)


def values_of(row: UploadFile | JobUnit) -> dict[str, object]:
    fields = [field.attname for field in row._meta.concrete_fields if not field.primary_key]
    values = {name: getattr(row, name) for name in fields}
    return {
        name: bytes(value) if isinstance(value, memoryview) else value
        for name, value in values.items()
    }


@pytest.mark.django_db
def test_files_are_those_that_the_model_saves(upload):
    given = {
        "upload_id": upload.pk,
        "sealed_path": b"\x00\xff",
        "size_bytes": 2**40,
        "modified_at": WHEN,
        "state": FileState.RECEIVED,
    }
    saved = UploadFile(number=1, path_digest=b"1" * 32, **given)
    saved.save()
    rows = [(number, bytes([number]) * 32, *given.values()) for number in (2, 3)]
    insert_rows(UploadFile, ("number", "path_digest", *given), rows)
    saved.refresh_from_db()
    expected = values_of(saved)
    for number in (2, 3):
        row = UploadFile.objects.get(upload=upload, number=number)
        assert row.modified_at == WHEN
        changed = {"number": number, "path_digest": bytes([number]) * 32}
        assert values_of(row) == expected | changed


@pytest.mark.django_db
def test_units_are_those_that_the_model_saves(upload):
    job = Job.objects.create(
        project=upload.project, upload=upload, tool="convert", destination=Destination.DOWNLOAD
    )
    part = JobPart.objects.create(job=job, number=9, kind=PartKind.WORK, steps=["x"])
    plan = {"uids": {"1.2": "2.25.3"}, "shift": -3, "none": None, "name": "ä\u2028"}
    JobUnit.objects.create(part=part, number=0, plan=plan)
    insert_rows(JobUnit, ("part_id", "number", "plan"), [(part.pk, 1, plan)])
    first, second = JobUnit.objects.filter(part=part)
    assert second.plan == plan
    assert values_of(second) == values_of(first) | {"number": 1}
    assert JobUnit.objects.filter(plan__shift=-3).count() == 2


@pytest.mark.django_db
def test_what_a_constraint_refuses_is_refused(upload):
    names = ("upload_id", "number", "path_digest", "sealed_path", "size_bytes")
    rows = [(upload.pk, 1, digest * 32, b"", 1) for digest in (b"1", b"2")]
    with pytest.raises(IntegrityError):
        insert_rows(UploadFile, names, rows)
    insert_rows(UploadFile, names, [])


@pytest.mark.django_db
def test_a_row_that_is_there_gives_way_to_the_new_one(upload):
    names = ("upload_id", "number", "path_digest", "sealed_path", "size_bytes")
    insert_rows(UploadFile, names, [(upload.pk, 1, b"1" * 32, b"", 5)])
    kept = UploadFile.objects.get(upload=upload)
    rows = [(upload.pk, number, b"%d" % number * 32, b"", 7) for number in (1, 2)]
    insert_rows(UploadFile, names, rows, unique=("upload_id", "number"))
    found = UploadFile.objects.filter(upload=upload).order_by("number")
    assert [(row.number, row.size_bytes) for row in found] == [(1, 7), (2, 7)]
    assert found[0].pk == kept.pk
