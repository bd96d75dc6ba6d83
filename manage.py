#!/usr/bin/env python
"""Run a PACS2go management command."""

import gc
import os
import sys
from types import ModuleType


def main() -> None:
    """Hand the command line to Django with the portal's settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pacs_portal.settings")
    # Commands and workers have a process per core: threads of numpy would only be in their way.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.disable()  # while only modules are loaded, which are no garbage
    import_pydicom()
    load_apps()
    gc.freeze()
    # Rows and headers are many objects and hardly any garbage: look for it less often.
    gc.set_threshold(50_000, 20, 20)
    gc.enable()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


def import_pydicom() -> None:
    """Import pydicom without its examples, and without what it gets its test files with.

    It would look for 13 files, and load an HTTP client and a progress bar where they are
    installed: a sixth of a command's start.
    """
    unwanted = {
        "pydicom.examples": ModuleType("pydicom.examples"),
        "requests": None,  # as if it were not installed
        "tqdm": None,
    }
    sys.modules.update(unwanted)  # type: ignore[arg-type]
    import pydicom  # noqa: F401

    for name in unwanted:
        del sys.modules[name]


def load_apps() -> None:
    """Load Django's apps; what is wrong with the settings, Django tells afterwards."""
    import django
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured

    try:
        django.setup()
    except ImproperlyConfigured:
        if settings.configured:
            raise


if __name__ == "__main__":
    main()
