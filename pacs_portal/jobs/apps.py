from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "pacs_portal.jobs"

    def ready(self) -> None:
        """Let rotations of keys reach what is sealed here."""
        from pacs_portal.jobs.sealed_rows import HELD, OPTIONS, PLANS
        from pacs_portal.projects.sealed import register_sealed

        register_sealed(OPTIONS, PLANS, HELD)
