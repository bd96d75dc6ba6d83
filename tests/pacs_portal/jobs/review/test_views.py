"""The page that says what will happen, for those who may start it and nobody else."""

import io

import pytest
from django.urls import reverse
from PIL import Image

from pacs_portal.jobs.models import Job
from pacs_portal.jobs.options import options_of
from pacs_portal.projects.keys import project_keys
from pacs_portal.uploads.paths import relative_path
from pacs_portal.uploads.storage import upload_folder

DICOM = bytes(128) + b"DICM" + bytes(100)
NIFTI_HEADER = (348).to_bytes(4, "little") + bytes(340) + b"ni1\0"


def picture(kind: str, shade: int = 0) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (12, 8), (shade, 0, 0)).save(buffer, kind)
    return buffer.getvalue()


MIXED = {
    "Mueller_Hans/ct/1.dcm": DICOM,
    "Mueller_Hans/ct/2.dcm": DICOM + b"2",
    "Mueller_Hans/photos/1.jpg": picture("JPEG", 1),
    "Mueller_Hans/photos/2.jpg": picture("JPEG", 2),
    "Mueller_Hans/photos/2 copy.jpg": picture("JPEG", 2),
    "Mueller_Hans/brain.img": b"\1\2\3" * 50,
    "Mueller_Hans/report.pdf": b"%PDF-1.4 Mueller",
    "Mueller_Hans/empty.dcm": b"",
    "Mueller_Hans/.DS_Store": b"\0\0\0\1Bud1",
}


@pytest.fixture
def mixed(upload):
    return upload(MIXED)


def address(sent) -> str:
    return reverse("upload_review", args=[sent.project.key, sent.pk])


def fates(page) -> dict[str, tuple[str, str, int]]:
    """Return what happens to each kind: (fate, title, how many)."""
    return {
        kind.kind: (group.fate, str(group.title), kind.count)
        for group in page.context["summary"].groups
        for kind in group.kinds
    }


def sentences(page) -> str:
    return " ".join(str(one.sentence) for one in page.context["surprises"])


def test_each_kind_goes_where_it_belongs(mixed, member_client):
    page = member_client.get(address(mixed))
    assert fates(page) == {
        "dicom": ("work", "Pseudonymize", 2),
        "jpeg": ("work", "Convert → Pseudonymize", 3),
        "voxels": ("refused", "Not taken", 1),
        "pdf": ("refused", "Not taken", 1),
        "empty": ("refused", "Not taken", 1),
        "system": ("skipped", "Skip", 1),
    }
    assert page.context["summary"].size_bytes == sum(map(len, MIXED.values()))
    assert not Job.objects.exists()


def test_a_project_that_takes_identities_needs_no_guard(mixed, project, member_client):
    project.accepts_identified = True
    project.save()
    assert fates(member_client.get(address(mixed)))["jpeg"] == ("work", "Convert", 3)


def test_another_tool_takes_other_files(mixed, member_client):
    answers = {"tool": "convert", "destination": "archive"}
    page = member_client.post(address(mixed), answers, headers={"HX-Request": "true"})
    assert fates(page)["dicom"] == ("refused", "Not taken", 2)
    assert "This is already DICOM" in page.text
    assert "<html" not in page.text


def test_surprises_are_named(mixed, member_client):
    page = member_client.get(address(mixed))
    said = sentences(page)
    assert "1 file is empty" in said
    assert "1 file has the same content" in said
    assert "no NIfTI header is beside them" in said
    assert "no face can be recognized" in said
    assert "names no camera" in said


def test_very_much_is_said_to_take_long(mixed, member_client, settings):
    assert "take hours" not in sentences(member_client.get(address(mixed)))
    settings.REVIEW_LARGE_BYTES = 1000
    assert "take hours" in sentences(member_client.get(address(mixed)))


def test_what_was_vouched_for_is_no_surprise(mixed, member_client):
    answers = {"tool": "auto", "destination": "archive", "statements": "no_faces"}
    assert "face" not in sentences(member_client.post(address(mixed), answers))


def test_what_comes_out_is_counted(mixed, member_client):
    foreseen = member_client.get(address(mixed)).context["foreseen"]
    assert (foreseen.patients, foreseen.studies, foreseen.series) == (1, 1, 1)


def test_uploader_and_steward_read_names_the_owner_reads_numbers(
    mixed, member_client, steward_client, owner_client
):
    for client in (member_client, steward_client):
        assert "brain.img" in client.get(address(mixed)).text
    page = owner_client.get(address(mixed)).text
    assert "Mueller" not in page
    assert "brain" not in page
    assert "File numbers: 6" in page


def test_viewer_and_stranger_find_no_such_page(mixed, viewer_client, stranger_client):
    for client in (viewer_client, stranger_client):
        assert client.get(address(mixed)).status_code == 404
        assert client.post(address(mixed), {"start": "1"}).status_code == 404
        look = reverse("upload_look", args=["heart", mixed.pk])
        assert client.post(look).status_code == 404


def test_an_upload_of_another_project_is_not_found(mixed, owner, owner_client):
    from pacs_portal.projects.services import NewProject, create_project

    create_project(NewProject("knee", "Knee"), actor=owner, owner=owner)
    foreign = reverse("upload_review", args=["knee", mixed.pk])
    assert owner_client.get(foreign).status_code == 404


def test_start_begins_the_job_that_was_described(mixed, member_client):
    answers = {"tool": "auto", "destination": "download", "statements": "no_faces", "start": "1"}
    patient = {"patient_id": "A-1", "patient_name": "Zwirbelmayr^Hans"}
    answer = member_client.post(address(mixed), {**answers, **patient})
    job = Job.objects.get()
    assert answer.headers["Location"] == job.get_absolute_url()
    assert (job.tool, job.destination, job.options["no_faces"]) == ("auto", "download", True)
    assert "Zwirbelmayr" not in str(job.options)
    assert options_of(job)["patient_name"] == "Zwirbelmayr^Hans"


def test_what_does_not_fit_brings_the_page_back(mixed, member_client):
    answers = {"tool": "auto", "destination": "archive", "start": "1"}
    page = member_client.post(address(mixed), {**answers, "photograph": "yes", "modality": "MR"})
    top, _form = page.text.split('name="jobs_seen"', 1)
    assert '<a href="#id_modality">Modality</a>: Photographs have the modality XC.' in top
    assert not Job.objects.exists()


def test_who_has_no_slides_photographs_or_volumes_is_not_asked_about_them(upload, member_client):
    kinds = {
        "dicom": {"1.dcm": DICOM},
        "picture": {"1.png": picture("PNG")},
        "volume": {"1.hdr": NIFTI_HEADER, "1.img": b"12"},
    }
    asked = {}
    for name, files in kinds.items():
        page = member_client.get(address(upload(files))).text
        fields = ("statements", "photograph", "volumes", "straighten", "overview", "patient_id")
        asked[name] = {field for field in fields if f'name="{field}"' in page}
    assert asked == {
        "dicom": set(),
        "picture": {"statements", "photograph", "patient_id"},
        "volume": {"statements", "volumes", "straighten", "patient_id"},
    }


def test_folded_fields_open_when_one_is_filled(upload, member_client):
    sent = upload({"1.hdr": NIFTI_HEADER, "1.img": b"12"})
    answers = {"tool": "auto", "destination": "archive", "straighten": "on"}
    page = member_client.post(address(sent), answers)
    ((_form, first, sections),) = page.context["forms"]
    assert [field.name for field in first] == ["modality", "tree", "study"]
    assert [(str(one.label), one.is_open) for one in sections] == [
        ("Volumes", True),
        ("Patient and study", False),
    ]


def test_a_second_click_or_tab_finds_the_job_that_was_started(mixed, member_client):
    page = member_client.get(address(mixed))
    assert 'name="jobs_seen" value="0"' in page.text
    answers = {"tool": "auto", "destination": "archive", "start": "1", "jobs_seen": "0"}
    first, second = (member_client.post(address(mixed), answers) for _ in range(2))
    job = Job.objects.get()
    assert first.headers["Location"] == second.headers["Location"] == job.get_absolute_url()
    assert "no second one was started" in member_client.get(job.get_absolute_url()).text
    page = member_client.get(address(mixed))
    assert "A job has worked on these files already" in page.text
    assert "Nothing has begun yet" not in page.text
    member_client.post(address(mixed), {**answers, "jobs_seen": "1"})
    assert Job.objects.count() == 2


def test_options_of_a_tool_without_work_are_not_asked(upload, member_client):
    sent = upload({"1.dcm": DICOM})
    answers = {"tool": "auto", "destination": "archive", "start": "1"}
    page = member_client.get(address(sent))
    assert 'name="modality"' not in page.text
    member_client.post(address(sent), {**answers, "photograph": "yes", "modality": "MR"})
    assert Job.objects.exists()


def test_the_page_asks_the_database_as_little_for_many_files_as_for_few(
    upload, member_client, django_assert_max_num_queries
):
    few = upload({f"{n}.png": picture("PNG", n) for n in range(3)})
    many = upload({f"{n}.png": picture("PNG", n) for n in range(60)})
    member_client.get(address(few))
    for sent in (few, many):
        with django_assert_max_num_queries(40):
            member_client.get(address(sent))


def test_names_are_kept_sealed_beside_the_files_and_made_anew_when_files_come(
    upload, member_client
):
    sent = upload({"Mueller_Hans/1.png": picture("PNG")})
    member_client.get(address(sent))
    kept = upload_folder(sent.pk).path / "names"
    assert b"Mueller" not in kept.read_bytes()
    assert kept.stat().st_mode & 0o777 == 0o600
    kept.write_bytes(b"\0\0\0\1 something else")
    assert member_client.get(address(sent)).context["foreseen"].studies == 1
    names = [str(relative_path(f, project_keys(sent.project_id))) for f in sent.files.all()]
    assert names == ["Mueller_Hans/1.png"]


def test_who_wants_so_keeps_what_no_tool_takes(mixed, member_client, steward_client):
    answers = {"tool": "auto", "destination": "archive", "keep": "1"}
    title = "Keep with the project, unconverted"
    for client, said in ((member_client, "a data steward decides"), (steward_client, "names and")):
        assert 'name="keep"' in client.get(address(mixed)).text
        page = client.post(address(mixed), answers)
        assert fates(page)["pdf"] == ("kept", title, 1)
        assert fates(page)["empty"][0] == "refused"
        assert fates(page)["system"][0] == "skipped"
        assert said in page.text
    member_client.post(address(mixed), {**answers, "start": "1"})
    assert Job.objects.get().options["keep"] is True


def test_a_table_and_what_is_wrong_with_it_are_shown_before_the_start(upload, member_client):
    table = b"path,patient,birth date\n1.png,A-1,28.02.1956\n2.png,A-2,02/03/1956\n9.png,A-3,\n"
    pictures = {f"c/{n}.png": picture("PNG", n) for n in (1, 2)}
    page = member_client.get(address(upload({**pictures, "c/all.csv": table})))
    assert fates(page)["table"] == ("work", "Read along with the images", 1)
    counted = {group.title: group.count for group in page.context["summary"].groups}
    assert counted["Not taken"] == 1
    assert [count for title, count in counted.items() if "Convert" in str(title)] == [1]
    assert page.context["summary"].count == 3
    said = sentences(page)
    assert "Row 3: a date is no day" in said
    assert "Row 4 matches no file." in said
    assert "so it is not converted" in said
    assert "A-2" not in said
    assert page.context["foreseen"].patients == 1


def test_each_rule_for_folders_is_counted(upload, member_client):
    names = ("c/p1/s1/1.png", "c/p1/s2/2.png", "c/p2/s1/3.png")
    sent = upload({name: picture("PNG", n) for n, name in enumerate(names)})
    counted = {}
    for rule in ("folder", "one-study", "inner-patient", "top-patient"):
        answers = {"tool": "auto", "destination": "archive", "tree": rule}
        foreseen = member_client.post(address(sent), answers).context["foreseen"]
        counted[rule] = (foreseen.patients, foreseen.studies, foreseen.series)
    assert counted == {
        "folder": (3, 3, 3),
        "one-study": (1, 1, 1),
        "inner-patient": (2, 3, 3),
        "top-patient": (1, 3, 3),
    }
