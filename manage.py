#!/usr/bin/env python
"""Run a PACS2go management command."""

import gc
import os
import sys


def main() -> None:
    """Hand the command line to Django with the portal's settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pacs_portal.settings")
    # Commands and workers have a process per core: threads of numpy would only be in their way.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Modules, rows and headers are many objects and hardly any garbage: look for it less often.
    gc.set_threshold(50_000, 20, 20)
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
