"""A portal of its own for the tests: data and keys in a temporary folder, no service needed."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.command_line import CommandLine
    from tests.services.orthanc import RunningOrthanc

_FOLDER = Path(tempfile.mkdtemp(prefix="pacs2go-tests-"))
os.environ.update(
    DJANGO_SETTINGS_MODULE="pacs_portal.settings",
    PACS2GO_DATA=str(_FOLDER / "data"),
    PACS2GO_KEYS_FILE=str(_FOLDER / "pacs2go.keys"),
    PACS2GO_SECRET_KEY="only-for-the-tests-" + 32 * "x",
)
for _name in ("PACS2GO_HOSTS", "PACS2GO_DEBUG", "PACS2GO_ADMIN_EMAIL", "PACS2GO_ADMIN_PASSWORD"):
    os.environ.pop(_name, None)
(_FOLDER / "data" / "static").mkdir(parents=True)

# A shell that runs the tests in the background hides Ctrl-C from them and from what they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

import django  # noqa: E402 (the environment comes first: settings read it once)

django.setup()

import hypothesis  # noqa: E402
import pytest  # noqa: E402
from django.test import Client  # noqa: E402

# A busy machine is no fault of the code: time is measured by the benchmarks.
hypothesis.settings.register_profile("steady", deadline=None)
hypothesis.settings.load_profile("steady")


def pytest_unconfigure() -> None:
    shutil.rmtree(_FOLDER, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql():
    """A real PostgreSQL; `new_database()` and `new_portal()` give a DATABASE_URL."""
    from tests.services.postgresql import RunningPostgres

    running = RunningPostgres()
    running.start()
    yield running
    running.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_environment(request) -> dict[str, str]:
    """The environment of a portal of its own, on each of the two databases."""
    if request.param == "sqlite":
        return {}
    return {"DATABASE_URL": request.getfixturevalue("postgresql").new_portal()}


@pytest.fixture(autouse=True)
def _plain_settings(settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


@pytest.fixture(autouse=True)
def _few_sign_ins(_plain_settings: None) -> None:
    """Let each test begin with none of the sign-ins that the portal allows in a minute."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker) -> None:
    """Let tests with real transactions empty the audit table; tests/…/audit brings it back."""
    from django.db import connection

    from pacs_portal.audit.triggers import drop_triggers

    with django_db_blocker.unblock():
        drop_triggers(connection)


@pytest.fixture(scope="session")
def _orthanc_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator["RunningOrthanc"]:
    from tests.services.orthanc import RunningOrthanc

    orthanc = RunningOrthanc(tmp_path_factory.mktemp("orthanc"))
    orthanc.start()
    yield orthanc
    orthanc.stop()


@pytest.fixture
def orthanc(_orthanc_process: "RunningOrthanc", settings) -> "RunningOrthanc":
    """A real Orthanc, one for the whole session, that the portal of this test stores in."""
    assert _orthanc_process.is_ready(), "Orthanc stopped during the tests; see its log"
    settings.ORTHANC_URL = _orthanc_process.url
    settings.ORTHANC_USERNAME = _orthanc_process.plan.username
    settings.ORTHANC_PASSWORD = _orthanc_process.plan.password
    return _orthanc_process


@pytest.fixture(scope="module")
def own_orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator["RunningOrthanc"]:
    """A real Orthanc of the module's own, empty at its start."""
    from tests.services.orthanc import RunningOrthanc

    running = RunningOrthanc(tmp_path_factory.mktemp("orthanc"))
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> "CommandLine":
    """A portal of the module's own with one project, "heart", for its commands."""
    from tests.command_line import CommandLine

    made = CommandLine(tmp_path_factory.mktemp("portal"))
    made.start_portal()
    return made


@pytest.fixture
def data_folders(tmp_path, settings) -> Path:
    """Folders of uploads, work, held files and results for this test alone."""
    settings.DATA_DIR = tmp_path
    settings.UPLOADS_DIR = tmp_path / "uploads"
    settings.WORK_DIR = tmp_path / "work"
    settings.HELD_DIR = tmp_path / "held"
    settings.RESULTS_DIR = tmp_path / "results"
    return tmp_path


@pytest.fixture
def make_user(db):
    """Return a function that makes a local account: make_user("ada") -> ada@example.org."""
    from pacs_portal.accounts.models import User

    def make(name: str, **fields) -> User:
        return User.objects.create_user(f"{name}@example.org", password="passphrase", **fields)

    return make


@pytest.fixture
def client_of():
    """Return a function that opens a signed-in browser session for a user."""

    def open_session(user) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return open_session


@pytest.fixture
def site_admin(make_user):
    return make_user("admin", is_staff=True, is_superuser=True)


@pytest.fixture
def owner(make_user):
    return make_user("owner")


@pytest.fixture
def member(make_user):
    """A contributor of `project`: uploads and runs tools, sees no identities."""
    return make_user("member")


@pytest.fixture
def viewer(make_user):
    return make_user("viewer")


@pytest.fixture
def steward(make_user):
    return make_user("steward")


@pytest.fixture
def stranger(make_user):
    """Somebody with an account and no role in `project`."""
    return make_user("stranger")


@pytest.fixture
def project(owner, member, viewer, steward):
    """A project with one person per role."""
    from pacs_portal.projects.models import Membership, Role
    from pacs_portal.projects.services import NewProject, create_project

    made = create_project(NewProject("heart", "Heart study"), actor=owner, owner=owner)
    roles = {Role.CONTRIBUTOR: member, Role.VIEWER: viewer, Role.STEWARD: steward}
    for role, user in roles.items():
        Membership.objects.create(project=made, user=user, role=role)
    return made


@pytest.fixture
def owner_client(client_of, owner) -> Client:
    return client_of(owner)


@pytest.fixture
def member_client(client_of, member) -> Client:
    return client_of(member)


@pytest.fixture
def viewer_client(client_of, viewer) -> Client:
    return client_of(viewer)


@pytest.fixture
def steward_client(client_of, steward) -> Client:
    return client_of(steward)


@pytest.fixture
def stranger_client(client_of, stranger) -> Client:
    return client_of(stranger)


@pytest.fixture
def admin_client(client_of, site_admin) -> Client:
    """A site admin's session; she has no role in `project`."""
    return client_of(site_admin)


@pytest.fixture
def anonymous_client() -> Client:
    return Client()
