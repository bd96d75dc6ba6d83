from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    name = "pacs_portal.projects"
