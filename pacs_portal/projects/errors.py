"""What can go wrong with projects and their keys."""

from django.core.exceptions import ImproperlyConfigured


class ProjectError(Exception):
    """A project operation that cannot be done; its text is for people."""


class KeyFileError(ImproperlyConfigured):
    """The key file is missing, unreadable or not the one this database was made with."""
