"""What no tool takes stays with the project, where the person wants so and may decide."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from pacs_portal.audit.models import Event
from pacs_portal.jobs.held.causes import allowed_decisions
from pacs_portal.jobs.held.decisions import Choice, decide
from pacs_portal.jobs.housekeeping import keep_house
from pacs_portal.jobs.models import Decision, Destination, HeldFile
from pacs_portal.jobs.options import JobOptions
from pacs_portal.jobs.services import create_job
from pacs_portal.jobs.worker import run_job_here
from pacs_portal.uploads.companions.services import keep_companion, remove_companion
from pacs_portal.uploads.models import Companion
from pacs_portal.uploads.storage import companion_store

PDF = b"%PDF-1.4 Mueller, Hans"
FILES = {"Mueller_Hans/report.pdf": PDF, "Mueller_Hans/1": b"one"}


@pytest.fixture(autouse=True)
def companions_dir(tmp_path, settings):
    settings.COMPANIONS_DIR = tmp_path / "companions"
    return settings.COMPANIONS_DIR


@pytest.fixture
def keep(toy, upload):
    """Return a function that uploads {path: content} and keeps what the toy does not take."""

    def run(files, by, **options):
        sent = upload(files)
        sent.created_by = by
        sent.save()
        job = create_job(
            upload=sent,
            tool="toy",
            destination=Destination.DOWNLOAD,
            by=by,
            options=JobOptions(open={"keep": True, **options}),
        )
        run_job_here(job)
        return job

    return run


def read(companion: Companion) -> bytes:
    with companion_store().open(companion.pk) as stream:
        return stream.read()


def test_a_steward_keeps_at_once(keep, steward, outcomes):
    job = keep(FILES, steward)
    assert outcomes(job) == {1: ("stored", "kept"), 2: ("written", "")}
    kept = Companion.objects.get()
    assert read(kept) == PDF
    assert (kept.number, kept.project, kept.size_bytes) == (1, job.project, len(PDF))
    event = Event.objects.get(action="companion.kept")
    assert event.target_id == str(kept.pk)
    assert "Mueller" not in str(vars(event))


def test_another_members_file_waits_for_a_steward(keep, member, steward, outcomes):
    job = keep(FILES, member)
    assert outcomes(job)[1] == ("held", "companion")
    assert not Companion.objects.exists()
    held = HeldFile.objects.get()
    assert allowed_decisions(held) == (Decision.ACCEPT, Decision.REJECT)
    decide(held=held, choice=Choice(Decision.ACCEPT, steward, "names nobody"))
    run_job_here(job)
    assert outcomes(job)[1] == ("stored", "kept")
    assert read(Companion.objects.get()) == PDF


def test_a_rejected_file_is_not_kept(keep, member, steward, outcomes):
    job = keep(FILES, member)
    decide(held=HeldFile.objects.get(), choice=Choice(Decision.REJECT, steward, "a report"))
    assert outcomes(job)[1] == ("skipped", "rejected")
    assert not Companion.objects.exists()


def test_where_identities_are_taken_nobody_has_to_decide(keep, project, member, outcomes):
    project.accepts_identified = True
    project.save()
    assert outcomes(keep(FILES, member))[1] == ("stored", "kept")


def test_without_the_wish_nothing_is_kept(keep, steward, outcomes):
    assert outcomes(keep(FILES, steward, keep=False))[1] == ("failed", "not-a-toy")
    assert not Companion.objects.exists()


def test_system_files_empty_ones_and_bad_zips_are_never_kept(keep, steward, outcomes):
    job = keep({".DS_Store": b"\0\0\0\1Bud1", "e": b"", "b.zip": b"PK\3\4" + b"x" * 60}, steward)
    assert [code for _outcome, code in outcomes(job).values()] == [
        "system-file",
        "empty",
        "zip-damaged",
    ]
    assert not Companion.objects.exists()


def test_what_a_tool_could_take_is_not_kept_because_another_was_chosen(keep, steward, outcomes):
    from pacs_portal.jobs import steps
    from tests.pacs_portal.jobs.toys import ToyStep

    class PdfToy(ToyStep):
        name = "pdf-toy"

        def refusal(self, kind):
            return None if kind == "pdf" else ("not-pdf", "This is no PDF.")

    steps._steps["pdf-toy"] = PdfToy
    assert outcomes(keep(FILES, steward))[1] == ("failed", "not-a-toy")


def test_a_file_is_kept_once_and_a_second_try_finds_its_own_work(keep, steward, tmp_path):
    job = keep(FILES, steward)
    receipt = job.receipts.get(upload_file__kind="pdf")
    source = tmp_path / "again.pdf"
    source.write_bytes(PDF)
    for key, is_kept in ((receipt.pk, True), (receipt.pk + 1, False)):
        again = keep_companion(file=receipt.upload_file, source=source, receipt_key=key)
        assert again == is_kept
    remove_companion(Companion.objects.get(), by=steward)
    again = keep_companion(file=receipt.upload_file, source=source, receipt_key=receipt.pk)
    assert again is False
    assert Companion.objects.count() == 1


def test_what_is_too_large_fails_and_says_so(keep, steward, outcomes, settings):
    settings.COMPANION_MAX_BYTES = len(PDF) - 1
    assert outcomes(keep(FILES, steward))[1] == ("failed", "companion-large")
    settings.COMPANION_MAX_BYTES = 2**20
    settings.COMPANIONS_MAX_BYTES = len(PDF) * 2 - 1
    two = {"a.pdf": PDF, "b.pdf": PDF + b" "}
    assert sorted(outcomes(keep(two, steward)).values()) == [
        ("failed", "companions-large"),
        ("stored", "kept"),
    ]
    assert Companion.objects.count() == 1


def test_members_download_it_as_something_to_save(
    keep, steward, project, viewer_client, stranger_client, owner_client, steward_client
):
    keep({"Mueller_Hans/report.pdf": PDF}, steward)
    kept = Companion.objects.get(upload_file__kind="pdf")
    address = reverse("companion_download", args=["heart", kept.pk])
    for client in (viewer_client, owner_client):
        answer = client.get(address)
        assert b"".join(answer.streaming_content) == PDF
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        disposition = answer.headers["Content-Disposition"]
        assert disposition == f'attachment; filename="heart-file-{kept.number}.pdf"'
        assert "no-store" in answer.headers["Cache-Control"]
        answer.close()
    named = steward_client.get(address)
    named.close()
    assert named.headers["Content-Disposition"] == 'attachment; filename="report.pdf"'
    assert stranger_client.get(address).status_code == 404
    foreign = reverse("companion_download", args=["knee", kept.pk])
    assert viewer_client.get(foreign).status_code == 404
    assert Event.objects.filter(action="companion.downloaded").count() == 3


def test_names_are_for_the_uploader_and_stewards(
    keep,
    project,
    member,
    member_client,
    steward_client,
    owner_client,
    viewer_client,
    stranger_client,
    anonymous_client,
):
    project.accepts_identified = True
    project.save()
    keep(FILES, member)
    address = reverse("project_files", args=["heart"])
    for client, reads in (
        (member_client, True),
        (steward_client, True),
        (owner_client, False),
        (viewer_client, False),
    ):
        page = client.get(address)
        assert page.status_code == 200
        assert ("Mueller" in page.text) == reads
        assert reads or "File 1" in page.text
    assert stranger_client.get(address).status_code == 404
    assert anonymous_client.get(address).status_code == 302


def test_the_uploader_and_stewards_remove_it(
    keep, project, member, owner, viewer, steward, member_client, owner_client, viewer_client
):
    project.accepts_identified = True
    project.save()
    keep({"a.pdf": PDF, "b.pdf": PDF + b"2"}, member)
    first, second = Companion.objects.order_by("number")
    for client in (owner_client, viewer_client):
        assert client.post(reverse("companion_remove", args=["heart", first.pk])).status_code == 404
    for user in (owner, viewer):
        with pytest.raises(PermissionDenied):
            remove_companion(first, by=user)
    member_client.post(reverse("companion_remove", args=["heart", first.pk]))
    remove_companion(second, by=steward)
    assert Event.objects.filter(action="companion.removed").count() == 2
    for companion in (first, second):
        companion.refresh_from_db()
        assert companion.removed_at is not None
        with pytest.raises(FileNotFoundError):
            companion_store().open(companion.pk)
        gone = reverse("companion_download", args=["heart", companion.pk])
        assert member_client.get(gone).status_code == 404


def test_housekeeping_removes_what_no_row_names_and_nothing_else(keep, steward, companions_dir):
    import os

    keep(FILES, steward)
    orphan = companions_dir / "0d9bf0a2-0000-4000-8000-000000000000"
    orphan.write_bytes(b"half")
    keep_house()
    assert orphan.exists()  # its row may still come
    os.utime(orphan, (0, 0))
    kept = companions_dir / str(Companion.objects.get().pk)
    os.utime(kept, (0, 0))
    keep_house()
    assert not orphan.exists()
    assert kept.read_bytes() == PDF
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_name_that_no_header_can_carry_is_sent_all_the_same(keep, steward, steward_client):
    keep({'a/Befund "Müller"\r\nX: 1.pdf': PDF, "b/\udcff.pdf": PDF + b"2"}, steward)
    names = []
    for kept in Companion.objects.order_by("number"):
        answer = steward_client.get(reverse("companion_download", args=["heart", kept.pk]))
        assert answer.status_code == 200
        names.append(answer.headers["Content-Disposition"])
        answer.close()
    assert all(name.startswith("attachment; filename") for name in names)
    assert not any("\n" in name or "\r" in name for name in names)
