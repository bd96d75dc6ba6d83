from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConverterConfig(AppConfig):
    name = "converter"
    verbose_name = _("Converter")

    def ready(self) -> None:
        """Add the converter's step to the portal."""
        from converter.step import ConvertStep
        from pacs_portal.jobs.steps import register_step

        register_step(ConvertStep())
