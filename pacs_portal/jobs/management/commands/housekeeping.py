"""`manage.py housekeeping`: what the worker does every few minutes, once and now."""

from typing import Any

from django.core.management.base import BaseCommand

from pacs_portal.jobs.housekeeping import keep_house


class Command(BaseCommand):
    help = "Remove originals, results and leftovers whose time is up."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        keep_house()
