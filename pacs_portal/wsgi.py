"""The entrance for gunicorn; refuses to serve without its secret key."""

import os
import sys

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pacs_portal.settings")
application = get_wsgi_application()

from django.conf import settings  # noqa: E402 (after the settings module is named)

if len(settings.SECRET_KEY) < 32:
    sys.exit("PACS2GO_SECRET_KEY is missing or too short: set it, or start with `make run`.")
