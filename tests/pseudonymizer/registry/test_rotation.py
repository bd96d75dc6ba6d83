"""New keys for a project: nothing is lost, nothing is left under the old ones."""

import errno
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from unittest.mock import Mock

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db.models import BinaryField

from pacs_portal.audit.models import Event
from pacs_portal.jobs.held.contents import held_content, seal_content
from pacs_portal.jobs.held.findings import findings_of, seal_findings
from pacs_portal.jobs.models import Destination, FileReceipt, HeldFile, Job, JobUnit, PartKind
from pacs_portal.jobs.options import JobOptions, options_of
from pacs_portal.jobs.private_values import private_values_of, seal_private_values
from pacs_portal.jobs.repeating import add_part
from pacs_portal.jobs.services import create_job
from pacs_portal.jobs.steps import FoundText, GivenIdentity
from pacs_portal.projects import rotation
from pacs_portal.projects.errors import KeyFileError
from pacs_portal.projects.keyfile import rotating
from pacs_portal.projects.keys import VERSION, project_keys, sealing_keys
from pacs_portal.projects.models import ProjectSecret
from pacs_portal.projects.sealed import sealed_tables
from pacs_portal.uploads.models import Upload, UploadState
from pacs_portal.uploads.paths import relative_path, source_path
from pacs_portal.uploads.services import ManifestEntry, announce_files, create_upload
from pseudonymizer.models import PatientIndex, RegistryPatient
from pseudonymizer.registry.patients import date_shift_of, find, identity_of, resolve

pytestmark = pytest.mark.django_db

HANS = GivenIdentity(
    patient_id="4711", name="Zwirbelmayr^Hans", birth_date="19560228", study_instance_uid="1.2.3"
)
RESPELLED = replace(HANS, name="Zwirbelmeier^H")  # the same by the study alone
FOUND = FoundText("(0010,4000)", "Zwirbelmayr")
PATH = PurePosixPath("Zwirbelmayr_Hans/1.dcm")


@pytest.fixture(autouse=True)
def _nobody_reads(monkeypatch, data_folders) -> None:
    monkeypatch.setattr(rotation, "READERS_SECONDS", 0)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "in place"
    file.write_bytes(b"content")
    return file


@pytest.fixture
def upload(project, member, source) -> Upload:
    return create_upload(project=project, by=member, manifest=[entry(source)])


@pytest.fixture
def job(upload) -> Job:
    """A job with something in every column that is sealed."""
    made = create_job(
        upload=upload,
        tool="pseudonymize",
        destination=Destination.DOWNLOAD,
        by=upload.created_by,
        options=JobOptions(sealed={"patient_name": "Zwirbelmayr^Hans"}),
    )
    keys = sealing_keys(made.project_id)
    unit = JobUnit(part=add_part(made, PartKind.WORK, ["pseudonymize"]), number=0)
    values = {"identity": "Zwirbelmayr"}
    unit.sealed_values = seal_private_values(unit.part_id, unit.number, values, keys)
    unit.save()
    receipt = FileReceipt.objects.create(job=made, upload_file=upload.files.get(), unit=unit)
    held = HeldFile(receipt=receipt, cause="identifier-left", stage="test", place=FOUND.place)
    held.sealed_finding = seal_findings(keys, held.pk, [FOUND])
    held.sealed_content = seal_content(keys, held.pk, b"checksum")
    held.save()
    return made


@pytest.fixture
def patient(project) -> RegistryPatient:
    resolved = resolve(project, HANS, None)
    assert resolve(project, RESPELLED, None) == resolved
    return resolved


def entry(source: Path) -> ManifestEntry:
    return ManifestEntry(PATH, source.stat().st_size, source=source)


def rotate(project) -> rotation.Rotation:
    return rotation.rotate_identity_keys(project, actor="cli:test", progress=lambda *_: None)


def sealed_columns() -> Iterator[tuple[type, str]]:
    """Yield every column of the portal that holds sealed values, found by its name."""
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if isinstance(field, BinaryField) and field.name.startswith("sealed_"):
                yield model, field.name


def versions_in_use() -> set[int]:
    """Return the versions that anything in the database is sealed or indexed under."""
    found = set()
    for model, name in sealed_columns():
        for value in model.objects.exclude(**{name: None}).values_list(name, flat=True):
            found |= set(VERSION.unpack_from(value))
    for model in apps.get_models():
        if any(field.name == "key_version" for field in model._meta.get_fields()):
            found |= set(model.objects.values_list("key_version", flat=True))
    return found


def test_everything_opens_as_before_and_nothing_is_left_under_the_old_keys(
    project, source, job, patient
) -> None:
    shift, before = date_shift_of(patient), project_keys(project.pk)
    filled = {model for model, _ in sealed_columns() if model.objects.exists()}
    assert filled == {model for model, _ in sealed_columns()}
    assert versions_in_use() == {1}

    rotate(project)

    assert versions_in_use() == {2}
    secrets = ProjectSecret.objects.filter(project=project)
    assert set(secrets.values_list("purpose", "version")) == {("identity", 2), ("uids", 1)}
    keys = project_keys(project.pk)
    file, held = job.upload.files.get(), HeldFile.objects.get()
    assert relative_path(file, keys) == PATH
    assert source_path(file, keys) == source
    assert options_of(Job.objects.get()) == {"patient_name": "Zwirbelmayr^Hans"}
    assert private_values_of(JobUnit.objects.get(), keys) == {"identity": "Zwirbelmayr"}
    assert findings_of(held, keys) == (FOUND,)
    assert held_content(held, keys) == b"checksum"
    patient.refresh_from_db()
    assert identity_of(patient).name == "Zwirbelmayr^Hans"
    assert date_shift_of(patient) == shift
    assert keys.uid_key == before.uid_key
    assert keys.uid_seed(b"a folder") == before.uid_seed(b"a folder")


def test_who_was_known_is_known_after_the_rotation(project, patient) -> None:
    rows = PatientIndex.objects.count()
    rotate(project)
    assert resolve(project, HANS, None) == patient
    assert resolve(project, RESPELLED, None) == patient
    assert find(project, replace(HANS, study_instance_uid="")) == patient
    assert PatientIndex.objects.count() == rows
    assert RegistryPatient.objects.count() == 1


def test_who_was_known_is_known_in_the_middle_of_it(project, patient) -> None:
    rotation.begin_version(project, "cli:test")
    assert find(project, replace(HANS, study_instance_uid="")) == patient
    assert resolve(project, RESPELLED, None) == patient
    newcomer = resolve(project, replace(HANS, patient_id="9", study_instance_uid="1.2.9"), None)
    rotate(project)
    assert resolve(project, HANS, None) == patient
    assert newcomer != patient
    assert RegistryPatient.objects.count() == 2
    assert versions_in_use() == {2}


def test_a_path_announced_before_keeps_its_number_in_the_middle_of_it(
    project, upload, source
) -> None:
    Upload.objects.update(state=UploadState.OPEN)
    rotation.begin_version(project, "cli:test")
    other = ManifestEntry(PurePosixPath("other"), 7, source=source)
    assert [one.number for one in announce_files(upload, [other, entry(source)])] == [2, 1]
    rotate(project)
    assert [one.number for one in announce_files(upload, [other, entry(source)])] == [2, 1]
    assert versions_in_use() == {2}


def test_keys_read_before_a_rotation_open_what_is_sealed_during_it(project, patient) -> None:
    before = project_keys(project.pk)
    rotate(project)
    patient.refresh_from_db()
    assert identity_of(patient, before).patient_id == "4711"


def test_entries_of_unknown_origin_keep_the_old_keys_until_their_patient_comes(
    project, patient
) -> None:
    PatientIndex.objects.update(sealed_parts=None)  # as an earlier release wrote them
    assert rotate(project).staying == 3
    assert versions_in_use() == {1, 2}
    assert resolve(project, HANS, None) == patient
    assert resolve(project, RESPELLED, None) == patient
    ended = rotate(project)  # what was left of the first one, and no other
    assert (ended.staying, ended.is_new) == (0, False)
    assert versions_in_use() == {2}
    versions = ProjectSecret.objects.filter(project=project, purpose="identity")
    assert [row.version for row in versions] == [2]


def test_what_is_written_under_an_old_version_at_the_last_moment_is_not_lost(
    project, patient
) -> None:
    late = RegistryPatient.objects.get()
    rotation.begin_version(project, "cli:test")
    rotation.seal_anew(project, lambda *_: None)
    late.save()  # what another process had read before
    assert not rotation.drop_old_versions(project, "cli:test", 0)
    rotate(project)
    patient.refresh_from_db()
    assert identity_of(patient).patient_id == "4711"
    assert versions_in_use() == {2}


def test_every_table_with_something_sealed_is_reached(project) -> None:
    registered = {table.outdated(project.pk, 1).model for table in sealed_tables()}
    keyed = {
        model
        for model in apps.get_models()
        if any(field.name == "key_version" for field in model._meta.get_fields())
    }
    assert registered == keyed | {model for model, _ in sealed_columns()}


def test_a_rotation_is_in_the_audit_log_and_one_projects_only(project, site_admin) -> None:
    from pacs_portal.projects.services import NewProject, create_project

    other = create_project(NewProject("knee", "Knee"), actor=site_admin)
    call_command("rotatekeys", project="heart")
    events = Event.objects.filter(action__startswith="keys.").order_by("pk")
    assert [event.action for event in events] == ["keys.rotation_begun", "keys.rotated"]
    assert {event.project_id for event in events} == {project.pk}
    assert project_keys(project.pk).version == 2
    assert project_keys(other.pk).version == 1
    call_command("rotatekeys", all=True)
    assert project_keys(project.pk).version == 3
    assert project_keys(other.pk).version == 2


@pytest.mark.parametrize(
    ("options", "sentence"),
    [({}, "Say which keys"), ({"project": "nobody"}, "no project with this key")],
)
def test_a_command_that_names_no_keys_is_refused(project, options, sentence) -> None:
    with pytest.raises(CommandError, match=sentence) as refusal:
        call_command("rotatekeys", **options)
    assert refusal.value.returncode == 2


def test_a_key_file_that_cannot_be_replaced_stays_with_a_sentence(
    project, settings, monkeypatch
) -> None:
    content = settings.KEYS_FILE.read_bytes()
    monkeypatch.setattr(Path, "replace", Mock(side_effect=OSError(errno.EBUSY, "busy")))
    with pytest.raises(CommandError, match="cannot be replaced: busy"):
        call_command("rotatekeys", master=True)
    assert settings.KEYS_FILE.read_bytes() == content
    assert not list(settings.KEYS_FILE.parent.glob(f".{settings.KEYS_FILE.name}.*"))
    monkeypatch.undo()
    settings.KEYS_FILE = settings.KEYS_FILE.parent / "nowhere" / "keys"
    with pytest.raises(CommandError, match="cannot be replaced: No such file"):
        call_command("rotatekeys", all=True)


def test_one_command_at_a_time(project) -> None:
    with rotating(), pytest.raises(CommandError, match="Another command is rotating keys"):
        call_command("rotatekeys", project="heart")
    with rotating(), pytest.raises(KeyFileError), rotating():
        pass
