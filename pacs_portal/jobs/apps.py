from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "pacs_portal.jobs"
