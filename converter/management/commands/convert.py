from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from converter.errors import MetadataError
from converter.local import convert_locally
from converter.metadata import COLUMNS, MORE_COLUMNS, PATH, read_metadata
from converter.options import VOLUME_SWITCHES, ConvertOptions
from converter.statements import NO_FACES
from converter.trees import RULES
from pacs_portal.jobs.commandline import find_files, make_output, project_of, wrong_usage
from pacs_portal.jobs.report import whole_report
from pacs_portal.jobs.tool_command import ToolCommand

_SWITCHES = {
    "assume_orientation": "take volumes without one as right, anterior, superior; else refused",
    "straighten": "resample volumes whose axes are not at right angles; else refused",
    "parametric_maps": "keep volumes in floating point as Parametric Maps; else scaled to 16 bit",
}


class Command(ToolCommand):
    """Convert images to DICOM from the command line."""

    help = (
        "Convert JPEG, PNG, BMP, GIF, WebP, TIFF, slides and NIfTI to DICOM; "
        "without --project no database is used."
    )
    tool = "convert"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--metadata",
            type=Path,
            metavar="FILE.csv",
            help=f"attributes by path; columns: {PATH}, {', '.join(COLUMNS + MORE_COLUMNS)}",
        )

        parser.add_argument(
            "--no-faces",
            action="store_true",
            help="state that no face can be recognized in the photographs; else a steward looks",
        )
        parser.add_argument(
            "--overview",
            action="store_true",
            help="keep the picture of whole slides, which may show the label, beside the tissue",
        )

        parser.add_argument(
            "--volumes",
            choices=["images", "labels"],
            help="what NIfTI volumes are, images or label maps; else as each shows",
        )
        for name, meaning in _SWITCHES.items():
            parser.add_argument(f"--{name.replace('_', '-')}", action="store_true", help=meaning)

        parser.add_argument(
            "--tree",
            choices=sorted(RULES),
            metavar="RULE",
            help="; ".join(f"{name}: {label}" for name, label in RULES.items()),
        )

        parser.add_argument(
            "--study",
            metavar="UID",
            help="append to this stored study of the project; with --store",
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="only say how many patients, studies and series would come out",
        )

    def job_options(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the table of attributes, if one is given, and what the person states."""
        switches = (NO_FACES.name, "overview", *VOLUME_SWITCHES)
        stated: dict[str, Any] = {name: True for name in switches if options[name]}
        stated |= {name: options[name] for name in ("volumes", "tree", "study") if options[name]}
        if options["metadata"] is None:
            return stated
        try:
            return {**stated, "table": read_metadata(options["metadata"])}
        except MetadataError as error:
            raise wrong_usage(str(error)) from None

    def work(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Convert in a project, or without one into a folder."""
        if options["dry_run"]:
            return self._foretell(options)
        if options["study"] and not (options["store"] and options["project"]):
            raise wrong_usage("--study needs --store and --project: it is a study stored there.")
        if options["project"]:
            if options["study"]:
                _check_study(options["project"], options["study"])
            return super().work(options)
        if options["store"]:
            raise wrong_usage("--store needs --project: it says where to store.")
        chosen = ConvertOptions.of_job(self.job_options(options))
        output = make_output(options["output"])
        sources = find_files(options["source"], output)
        return convert_locally(sources, output, chosen, options["workers"])

    def _foretell(self, options: Mapping[str, Any]) -> dict[str, Any]:
        from converter.dry_run import foretold

        sources = find_files(options["source"], options["output"])
        for line in foretold(sources, ConvertOptions.of_job(self.job_options(options))):
            self.stdout.write(line)
        return whole_report(sources.failures)


def _check_study(key: str, study_instance_uid: str) -> None:
    from pacs_portal.jobs.joining import joinable_study

    if joinable_study(project_of(key), study_instance_uid) is None:
        raise wrong_usage("There is no such study in this project.")
