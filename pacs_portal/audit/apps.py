from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "pacs_portal.audit"
