from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConverterConfig(AppConfig):
    name = "converter"
    verbose_name = _("Converter")

    def ready(self) -> None:
        """Add the converter's step and page to the portal."""
        from converter.statements import NO_FACES
        from pacs_portal.jobs.steps import register_step
        from pacs_portal.later import later
        from pacs_portal.tools import Tool, register_tool

        register_step("convert", later("converter.step.ConvertStep"))
        register_tool(
            Tool(
                name="convert",
                label=_("Convert"),
                sentence=_("Photographs, pictures, slides and NIfTI volumes become DICOM."),
                icon="arrow-left-right",
                urls="converter.urls",
                statements=(NO_FACES,),
                outlook=later("converter.outlook.outlook"),
            )
        )
