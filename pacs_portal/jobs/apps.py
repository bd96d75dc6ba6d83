from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "pacs_portal.jobs"

    def ready(self) -> None:
        """Let rotations of keys reach what is sealed here, and a tab count what is held."""
        from pacs_portal.later import later
        from pacs_portal.projects.context import register_count
        from pacs_portal.projects.sealed import register_sealed

        register_sealed(later("pacs_portal.jobs.sealed_rows.sealed_tables"))
        register_count("held", later("pacs_portal.jobs.held.waiting.count_waiting"))
