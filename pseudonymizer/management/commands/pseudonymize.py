import io
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pacs_portal.jobs.commandline import check_writable, project_of, wrong_usage
from pacs_portal.jobs.models import Job
from pacs_portal.jobs.tool_command import ToolCommand
from pseudonymizer.disclosure import export_job_mapping


class Command(ToolCommand):
    """Pseudonymize DICOM files from the command line."""

    help = "Pseudonymize DICOM: every patient gets the project's pseudonym, nothing is overwritten."
    tool = "pseudonymize"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--profile",
            metavar="NAME",
            help="rules: “default” or a version number; unset, the project's newest",
        )
        parser.add_argument(
            "--mapping",
            type=Path,
            metavar="FILE.csv",
            help="write who stands behind the pseudonyms of this run (0600)",
        )

    def work(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Check what could only fail at the end, then work."""
        mapping, output = options["mapping"], options["output"]
        check_writable(mapping, "--mapping")
        if mapping and output and mapping.resolve().is_relative_to(output.resolve()):
            raise wrong_usage("--mapping must not lie in the output folder: keep them apart.")
        return super().work(options)

    def job_options(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """Name the profile, if the person named one and it exists."""
        name = options["profile"]
        if name is None:
            return {}
        from pseudonymizer.errors import ProfileError
        from pseudonymizer.profiles import NAME_OPTION, profile_named

        try:
            profile_named(project_of(options["project"]).pk, name)
        except ProfileError as error:
            raise wrong_usage(f"--profile: {error}") from None
        return {NAME_OPTION: name}

    def after(self, job: Job, options: Mapping[str, Any]) -> None:
        """Write the mapping to where the person said."""
        if options["mapping"]:
            lines = io.StringIO(newline="")
            lines.writelines(export_job_mapping(job, by=job.actor_label))
            self.write_for_person("--mapping", options["mapping"], lines.getvalue())
