from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from pacs_portal.jobs.commandline import (
    SOME_FAILED,
    actor_label,
    one_clear_line,
    project_of,
    wrong_usage,
)
from pseudonymizer.errors import ApprovalNeededError, ListError
from pseudonymizer.lists.checking import Report, RowState
from pseudonymizer.lists.importing import check_list, import_list
from pseudonymizer.lists.reading import LARGEST_BYTES

NEEDS_TWO = (
    "This project wants two people for a search, and a list is many. A data steward asks for it "
    "on the registry's page, another one approves it there; then run the command again."
)
SAYING = {
    RowState.READY: "ready",
    RowState.KNOWN: "already known",
    RowState.REPEATED: "repeated",
    RowState.CONFLICT: "in conflict",
}


class Command(BaseCommand):
    """Import an existing list of patients and pseudonyms from the command line."""

    help = "Import a CSV list of patients and pseudonyms into a project's registry."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file",
            type=Path,
            metavar="FILE.csv",
            help="columns by header: patient_id, pseudonym, …",
        )
        parser.add_argument("--project", metavar="KEY", required=True, help="whose registry")
        parser.add_argument(
            "--check", action="store_true", help="say what would become of each row; write nothing"
        )
        parser.add_argument(
            "--only-good",
            action="store_true",
            help="leave rows in conflict out and import the rest",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with one_clear_line():
            try:
                report = self._work(options)
            except ListError as error:
                raise wrong_usage(str(error)) from None
            except ApprovalNeededError:
                raise wrong_usage(NEEDS_TWO) from None
        if report.conflicts:
            raise SystemExit(SOME_FAILED)

    def _work(self, options: dict[str, Any]) -> Report:
        project = project_of(options["project"])
        content = _read(options["file"])
        report = check_list(project, content, by=actor_label()).report
        for row in report.conflicts:
            self.stderr.write(f"line {row.line}: {row.sentence}")
        counted = [f"{report.counts[state]} {said}" for state, said in SAYING.items()]
        self.stdout.write(", ".join(counted))
        if options["check"] or (report.conflicts and not options["only_good"]):
            self.stdout.write("Nothing was imported.")
            return report
        import_list(
            project,
            content,
            by=actor_label(),
            checked=report.fingerprint,
            only_good=options["only_good"],
        )
        self.stdout.write(f"{len(report.ready)} imported.")
        if report.to_compare:
            self.stdout.write(
                f"{len(report.to_compare)} of them may be known already: a data steward compares "
                "them on the registry's page."
            )
        return report


def _read(path: Path) -> bytes:
    """Return the list; of one that is too large only so much that it is refused."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise wrong_usage(f"The list cannot be read: {error.strerror}.") from None
