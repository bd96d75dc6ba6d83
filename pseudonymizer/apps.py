from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PseudonymizerConfig(AppConfig):
    name = "pseudonymizer"
    verbose_name = _("Pseudonymizer")

    def ready(self) -> None:
        """Add the pseudonymizer's step to the portal."""
        from pacs_portal.jobs.steps import register_step
        from pseudonymizer.step import PseudonymizeStep

        register_step(PseudonymizeStep())
