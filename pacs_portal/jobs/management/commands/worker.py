"""`manage.py worker`: work on the portal's jobs until told to stop."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from pacs_portal.jobs.worker import core_count, run_worker


class Command(BaseCommand):
    help = "Work on the portal's jobs, with a process per core, until told to stop."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--processes", type=int, default=0, help="default: one per core")

    def handle(self, *args: Any, **options: Any) -> None:
        run_worker(options["processes"] or core_count())
