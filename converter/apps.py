from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConverterConfig(AppConfig):
    name = "converter"
    verbose_name = _("Converter")

    def ready(self) -> None:
        """Add the converter's step and page to the portal."""
        from converter.options import NO_FACES
        from converter.outlook import FORM, READ_ALONG, foresee
        from converter.step import ConvertStep
        from pacs_portal.jobs.review.outlooks import Outlook, register_outlook
        from pacs_portal.jobs.steps import register_step
        from pacs_portal.tools import Tool, register_tool

        register_step(ConvertStep())
        register_outlook("convert", Outlook(FORM, foresee, READ_ALONG))
        register_tool(
            Tool(
                name="convert",
                label=_("Convert"),
                sentence=_("Photographs, pictures, slides and NIfTI volumes become DICOM."),
                icon="arrow-left-right",
                urls="converter.urls",
                statements=(NO_FACES,),
            )
        )
