from django.apps import AppConfig


class ArchiveConfig(AppConfig):
    name = "pacs_portal.archive"
