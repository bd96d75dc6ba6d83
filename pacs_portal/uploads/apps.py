from django.apps import AppConfig


class UploadsConfig(AppConfig):
    name = "pacs_portal.uploads"
