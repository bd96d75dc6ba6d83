"""The entrance for gunicorn; refuses to serve without its secrets, with one clear line."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.db import DatabaseError, connections

MINIMUM_SECRET_KEY = 32  # characters


def start() -> WSGIHandler:
    """Return the application once its secrets are checked.

    The settings module is read directly: Django's own reader reports an empty key its own way.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pacs_portal.settings")
    from pacs_portal.settings import SECRET_KEY

    if len(SECRET_KEY) < MINIMUM_SECRET_KEY:
        raise ImproperlyConfigured(
            "PACS2GO_SECRET_KEY is missing or too short: set it, or start with `make run`."
        )
    handler = get_wsgi_application()
    from pacs_portal import urls  # noqa: F401 all pages: the forks that serve share what is loaded
    from pacs_portal.projects.keyfile import load_master_keys  # after the apps are ready

    load_master_keys()
    connections.close_all()  # the processes that serve are forks, which must not share one
    return handler


try:
    application = start()
except ImproperlyConfigured as error:
    sys.exit(str(error))
except DatabaseError:
    sys.exit("The database does not answer or is not ready: check DATABASE_URL and migrate it.")
