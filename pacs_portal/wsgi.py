"""The entrance for gunicorn; refuses to serve without its secret key or with a wrong key file."""

import os
import sys

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pacs_portal.settings")
application = get_wsgi_application()

from django.conf import settings  # noqa: E402 (after the settings module is named)

from pacs_portal.projects.errors import KeyFileError  # noqa: E402 (after the apps are ready)
from pacs_portal.projects.keyfile import load_master_keys  # noqa: E402

if len(settings.SECRET_KEY) < 32:
    sys.exit("PACS2GO_SECRET_KEY is missing or too short: set it, or start with `make run`.")
try:
    load_master_keys()
except KeyFileError as error:
    sys.exit(str(error))
