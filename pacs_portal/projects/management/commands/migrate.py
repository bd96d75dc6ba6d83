from typing import Any

from django.conf import settings
from django.core.management.commands import migrate


class Command(migrate.Command):
    """Django's migrate, which also makes the data folder that SQLite lies in."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        settings.DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
        return super().execute(*args, **options)
