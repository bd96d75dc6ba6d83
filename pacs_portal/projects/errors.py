"""What can go wrong with projects and their keys."""

from django.core.exceptions import ImproperlyConfigured

NO_DATABASE = (
    "The portal's database cannot be used. Start the portal once with `make run`, "
    "or set PACS2GO_DATA or DATABASE_URL to where it is."
)


class ProjectError(Exception):
    """A project operation that cannot be done; its text is for people."""


class KeyFileError(ImproperlyConfigured):
    """The key file is missing, unreadable or not the one this database was made with."""
