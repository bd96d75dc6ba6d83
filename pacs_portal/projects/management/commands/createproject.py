import getpass
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from pacs_portal.accounts.models import User
from pacs_portal.projects.errors import NO_DATABASE, KeyFileError, ProjectError
from pacs_portal.projects.services import NewProject, create_project

WRONG_USAGE = 2


class Command(BaseCommand):
    """Make a project from the command line."""

    help = "Create a project with its keys; a site admin names its first data steward."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key", metavar="KEY", help="short name in addresses: a-z, 0-9, hyphens")
        parser.add_argument("--name", required=True, help="what people read")
        parser.add_argument("--owner", metavar="EMAIL", help="an existing account")

    def handle(self, *args: Any, **options: Any) -> None:
        new = NewProject(key=options["key"], name=options["name"])
        try:
            owner = _account(options["owner"]) if options["owner"] else None
            project = create_project(new, actor=f"cli:{getpass.getuser()}", owner=owner)
        except ValidationError as error:
            raise _wrong_usage(" ".join(error.messages)) from None
        except ProjectError as error:
            raise _wrong_usage(str(error)) from None
        except KeyFileError as error:
            raise CommandError(str(error)) from None
        except DatabaseError:
            raise _wrong_usage(NO_DATABASE) from None
        self.stdout.write(f"Project {project.key} is ready: /projects/{project.key}/")


def _account(email: str) -> User:
    found = User.objects.filter(email__iexact=email, is_active=True)[:2]
    if len(found) != 1:
        raise _wrong_usage("--owner must be the e-mail of one active account; none or several fit.")
    return found[0]


def _wrong_usage(sentence: str) -> CommandError:
    return CommandError(sentence, returncode=WRONG_USAGE)
