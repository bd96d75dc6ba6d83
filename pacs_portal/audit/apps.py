from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "pacs_portal.audit"

    def ready(self) -> None:
        """Listen to sign-ins and to Django's administration."""
        from pacs_portal.audit import receivers  # noqa: F401
