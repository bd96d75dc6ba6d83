import stat
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from pacs_portal.audit.models import Event
from pacs_portal.projects.models import Project
from tests.command_line import CommandLine


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("createproject", *arguments, stdout=out)
    return out.getvalue()


def test_a_project_is_made_from_the_command_line(owner):
    assert "/projects/knee/" in run("knee", "--name", "Knee study", "--owner", owner.email)
    assert Project.objects.owned_by(owner).get().name == "Knee study"
    assert Event.objects.get(action="project.created").actor_label.startswith("cli:")


def test_a_project_may_wait_for_its_owner(db):
    run("knee", "--name", "Knee study")
    assert not Project.objects.get().memberships.exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("heart", "--name", "Again"), "exists already"),
        (("Knee", "--name", "Knee"), "Use a-z"),
        (("knee", "--name", "Knee", "--owner", "nobody@example.org"), "--owner must be"),
        (("knee",), "--name"),
    ],
)
def test_wrong_usage_ends_with_2_and_makes_nothing(project, arguments, sentence):
    with pytest.raises(CommandError, match=sentence) as stopped:
        run(*arguments)
    assert stopped.value.returncode in {1, 2}  # argparse itself ends with 2 on the command line
    assert list(Project.objects.all()) == [project]


def test_without_a_database_one_line_says_so(tmp_path):
    ended = CommandLine(tmp_path).run("createproject", "heart", "--name", "Heart")
    assert (ended.status, ended.err.count("\n")) == (2, 1)
    assert "make run" in ended.err


def test_migrate_makes_the_data_folder_for_its_owner_alone(tmp_path):
    installation = CommandLine(tmp_path)
    assert installation.run("migrate", "-v0").status == 0
    assert stat.S_IMODE(installation.data.stat().st_mode) == 0o700
