"""The command of a tool: sources in, a folder or the archive out, with the portal's history."""

import itertools
import json
from argparse import ArgumentParser
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from pacs_portal.jobs.commandline import (
    SOME_FAILED,
    Sources,
    actor_label,
    check_writable,
    find_files,
    make_output,
    one_clear_line,
    print_ends,
    project_of,
    write_private,
    wrong_usage,
)
from pacs_portal.jobs.models import Destination, Job, Runner
from pacs_portal.jobs.options import JobOptions
from pacs_portal.jobs.report import joined_report, report, short_report, whole_report

STOPPED = 130  # as shells report Ctrl-C
ARCHIVE_AWAY = "The archive does not answer. Waiting a while for it; Ctrl-C gives up."


class ToolCommand(BaseCommand):
    """Runs a tool's pipeline over local files; each tool names itself and adds its options."""

    tool = ""
    requires_system_checks: list[str] = []
    has_failed = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "source", nargs="+", type=Path, metavar="SOURCE", help="a file, a folder or a zip"
        )
        where = parser.add_mutually_exclusive_group(required=True)
        where.add_argument("--output", type=Path, metavar="DIR", help="write below this folder")
        where.add_argument("--store", action="store_true", help="store in the project's archive")
        parser.add_argument("--project", metavar="KEY", help="whose keys and history to use")
        parser.add_argument(
            "--report", type=Path, metavar="FILE.json", help="what became of every input (0600)"
        )
        parser.add_argument(
            "--workers", type=int, default=0, metavar="N", help="processes; one per core if unset"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["workers"] < 0:
            raise wrong_usage("--workers must be 1 or more.")
        try:
            with one_clear_line():
                check_writable(options["report"], "--report")
                report = self.work(options)
        except KeyboardInterrupt:
            self.stderr.write(
                "Stopped. What is written stays; the same command goes on from there."
            )
            raise SystemExit(STOPPED) from None
        self.has_failed |= print_ends(report, self.stdout, self.stderr)
        if options["report"]:
            text = json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(report)
            self.write_for_person("--report", options["report"], itertools.chain(text, "\n"))
        if self.has_failed:
            raise SystemExit(SOME_FAILED)

    def work(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Do what was asked and return the report."""
        if not options["project"]:
            raise wrong_usage("--project is needed: it says whose keys and history to use.")
        project_of(options["project"])
        job_options = self.job_options(options)
        output = make_output(options["output"]) if options["output"] else None
        return self.work_in_project(options, job_options, find_files(options["source"], output))

    def job_options(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the tool's own options; all of them are sealed."""
        return {}

    def write_for_person(self, option: str, path: Path, text: Iterable[str]) -> None:
        """Write a private file; where that fails, say so and go on: the images are done."""
        try:
            write_private(path, text)
        except OSError as error:
            self.stderr.write(f"{option}: the file could not be written: {error.strerror}.")
            self.has_failed = True

    def after(self, job: Job, options: Mapping[str, Any]) -> None:
        """Do what is left when the job is done."""

    def work_in_project(
        self, options: Mapping[str, Any], job_options: Mapping[str, Any], sources: Sources
    ) -> dict[str, Any]:
        """Upload in place, run the job here, and return the report."""
        from pacs_portal.archive.orthanc import is_available
        from pacs_portal.jobs.services import cancel_job
        from pacs_portal.jobs.worker import core_count, run_job_here

        if not sources.entries:
            return whole_report(sources.failures)
        if options["store"] and not is_available():
            self.stderr.write(ARCHIVE_AWAY)
        job = self._start(options, job_options, sources)
        try:
            run_job_here(job, options["workers"] or core_count())
        except KeyboardInterrupt:
            cancel_job(job=job, by=actor_label())  # no worker of the portal takes a command's job
            raise
        self.after(job, options)
        ends = report(job) if options["report"] else short_report(job)
        return joined_report(ends, whole_report(sources.failures))

    def _start(
        self, options: Mapping[str, Any], job_options: Mapping[str, Any], sources: Sources
    ) -> Job:
        from pacs_portal.jobs.delivery import folder_option
        from pacs_portal.jobs.services import create_job
        from pacs_portal.uploads.services import create_upload

        upload = create_upload(
            project=project_of(options["project"]),
            by=None,
            actor_label=actor_label(),
            manifest=sources.take(),
        )
        sealed = dict(job_options)
        if options["output"]:
            sealed |= folder_option(options["output"].resolve())
        return create_job(
            upload=upload,
            tool=self.tool,
            destination=Destination.FOLDER if options["output"] else Destination.ARCHIVE,
            by=None,
            actor_label=actor_label(),
            options=JobOptions(sealed=sealed, runner=Runner.COMMAND),
        )
