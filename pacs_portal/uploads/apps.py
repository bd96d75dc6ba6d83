from django.apps import AppConfig


class UploadsConfig(AppConfig):
    name = "pacs_portal.uploads"

    def ready(self) -> None:
        """Let rotations of keys reach what is sealed here."""
        from pacs_portal.later import later
        from pacs_portal.projects.sealed import register_sealed

        register_sealed(later("pacs_portal.uploads.sealed_rows.sealed_tables"))
