from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "pacs_portal.jobs"

    def ready(self) -> None:
        """Let rotations of keys reach what is sealed here, and a tab count what is held."""
        from pacs_portal.jobs.held.waiting import count_waiting
        from pacs_portal.jobs.sealed_rows import HELD, OPTIONS, PLANS
        from pacs_portal.projects.context import register_count
        from pacs_portal.projects.sealed import register_sealed

        register_sealed(OPTIONS, PLANS, HELD)
        register_count("held", count_waiting)
