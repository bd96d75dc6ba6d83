from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from converter.errors import MetadataError
from converter.local import convert_locally
from converter.metadata import COLUMNS, PATH, read_metadata
from converter.options import NO_FACES, VOLUME_SWITCHES, ConvertOptions
from pacs_portal.jobs.commandline import find_files, make_output, wrong_usage
from pacs_portal.jobs.tool_command import ToolCommand

_SWITCHES = {
    "assume_orientation": "take volumes without one as right, anterior, superior; else refused",
    "straighten": "resample volumes whose axes are not at right angles; else refused",
    "parametric_maps": "keep volumes in floating point as Parametric Maps; else scaled to 16 bit",
}


class Command(ToolCommand):
    """Convert images to DICOM from the command line."""

    help = (
        "Convert JPEG, PNG, BMP, GIF, WebP, TIFF and NIfTI to DICOM; "
        "without --project no database is used."
    )
    tool = "convert"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--metadata",
            type=Path,
            metavar="FILE.csv",
            help=f"attributes by path; columns: {PATH}, {', '.join(COLUMNS)}",
        )

        parser.add_argument(
            "--no-faces",
            action="store_true",
            help="state that no face can be recognized in the photographs; else a steward looks",
        )

        parser.add_argument(
            "--volumes",
            choices=["images", "labels"],
            help="what NIfTI volumes are, images or label maps; else as each shows",
        )
        for name, meaning in _SWITCHES.items():
            parser.add_argument(f"--{name.replace('_', '-')}", action="store_true", help=meaning)

    def job_options(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the table of attributes, if one is given, and what the person states."""
        stated = {NO_FACES.name: True} if options["no_faces"] else {}
        if options["volumes"]:
            stated["volumes"] = options["volumes"]
        stated |= {name: True for name in VOLUME_SWITCHES if options[name]}
        if options["metadata"] is None:
            return stated
        try:
            return {**stated, "table": read_metadata(options["metadata"])}
        except MetadataError as error:
            raise wrong_usage(str(error)) from None

    def work(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Convert in a project, or without one into a folder."""
        if options["project"]:
            return super().work(options)
        if options["store"]:
            raise wrong_usage("--store needs --project: it says where to store.")
        chosen = ConvertOptions.of_job(self.job_options(options))
        output = make_output(options["output"])
        sources = find_files(options["source"], output)
        return convert_locally(sources, output, chosen, options["workers"])
