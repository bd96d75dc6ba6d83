from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PseudonymizerConfig(AppConfig):
    name = "pseudonymizer"
    verbose_name = _("Pseudonymizer")

    def ready(self) -> None:
        """Add the pseudonymizer's step to the portal, and its eye on what enters the archive."""
        from pacs_portal.archive.services import register_pseudonym_check
        from pacs_portal.jobs.steps import register_step
        from pseudonymizer.registry import is_pseudonym_of
        from pseudonymizer.step import PseudonymizeStep

        register_step(PseudonymizeStep())
        register_pseudonym_check(is_pseudonym_of)
