"""Brings the database and the static files up to date, in one process since starts cost time."""

import os
import sys
from typing import Any

STEPS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("migrate", {"interactive": False, "verbosity": 0}),
    ("collectstatic", {"interactive": False, "verbosity": 0}),
    ("createadmin", {}),
)


def main() -> None:
    """Run the commands one after the other; the first that fails ends the process."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pacs_portal.settings")
    import django
    from django.core.management import CommandError, call_command

    django.setup()
    for name, options in STEPS:
        try:
            call_command(name, **options)
        except CommandError as error:
            sys.exit(f"CommandError: {error}")


if __name__ == "__main__":
    main()
