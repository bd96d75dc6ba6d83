import getpass
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from pacs_portal.projects.errors import NO_DATABASE, KeyFileError
from pacs_portal.projects.keyfile import rotating
from pacs_portal.projects.master_rotation import rotate_master_key
from pacs_portal.projects.models import Project
from pacs_portal.projects.rotation import rotate_identity_keys

WRONG_USAGE = 2


class Command(BaseCommand):
    """Replace keys while the portal runs; killed in the middle, run it again."""

    help = (
        "Seal the identities of projects under new keys, or wrap all keys with a new master key. "
        "The portal may keep running; after an interruption, run it again."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--project", metavar="KEY", help="new identity keys for this project")
        which.add_argument("--all", action="store_true", help="the same for every project")
        parser.add_argument(
            "--master", action="store_true", help="a new master key in the key file"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with rotating():
                self._rotate(options)
        except KeyFileError as error:
            raise CommandError(str(error)) from None
        except DatabaseError:
            raise _wrong_usage(NO_DATABASE) from None

    def _rotate(self, options: dict[str, Any]) -> None:
        projects = Project.objects.order_by("key")
        if options["project"]:
            projects = projects.filter(key=options["project"])
            if not projects:
                raise _wrong_usage("--project: there is no project with this key.")
        elif not options["all"]:
            projects = projects.none()
            if not options["master"]:
                raise _wrong_usage("Say which keys: --project KEY, --all or --master.")
        for project in projects:
            self._rotate_project(project)
        if options["master"]:
            wrapped = rotate_master_key(actor=_actor())
            self.stdout.write(f"Master key replaced; {wrapped} secrets wrapped anew.")

    def _rotate_project(self, project: Project) -> None:
        def progress(name: str, done: int) -> None:
            self.stdout.write(f"{project.key}: {name}: {done}")

        ended = rotate_identity_keys(project, actor=_actor(), progress=progress)
        done = "done" if ended.is_new else "an interrupted rotation has been completed"
        if ended.staying:
            self.stdout.write(
                f"{project.key}: {done}, but the old keys stay for {ended.staying} entries of an "
                "earlier release; each is made anew when its patient comes again."
            )
        else:
            self.stdout.write(f"{project.key}: {done}, the old keys are gone.")


def _actor() -> str:
    return f"cli:{getpass.getuser()}"


def _wrong_usage(sentence: str) -> CommandError:
    return CommandError(sentence, returncode=WRONG_USAGE)
