from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pacs_portal.jobs.commandline import (
    Sources,
    actor_label,
    check_writable,
    project_of,
    wrong_usage,
)
from pacs_portal.jobs.models import Job
from pacs_portal.jobs.tool_command import ToolCommand
from pseudonymizer.errors import ApprovalNeededError

if TYPE_CHECKING:  # only an export of the mapping asks the gate
    from pseudonymizer.disclosure.gate import ExportPermit

NEEDS_TWO = (
    "--mapping: this project wants two people for an export. A data steward asks for it on the "
    "registry's page, another one approves it there; then run the command again."
)


class Command(ToolCommand):
    """Pseudonymize DICOM files from the command line."""

    help = "Pseudonymize DICOM: every patient gets the project's pseudonym, nothing is overwritten."
    tool = "pseudonymize"
    permitted: "ExportPermit | None" = None

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
        if mapping and options["report"] and mapping.resolve() == options["report"].resolve():
            raise wrong_usage("--mapping and --report need two files: one would replace the other.")
        return super().work(options)

    def work_in_project(
        self, options: Mapping[str, Any], job_options: Mapping[str, Any], sources: Sources
    ) -> dict[str, Any]:
        """Ask before the work: what another person has to approve is no surprise at its end."""
        if options["mapping"]:
            from pseudonymizer.disclosure.gate import permit_export

            try:
                self.permitted = permit_export(project_of(options["project"]), by=actor_label())
            except ApprovalNeededError:
                raise wrong_usage(NEEDS_TWO) from None
        return super().work_in_project(options, job_options, sources)

    def job_options(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """Name the profile, if the person named one and it exists."""
        name = options["profile"]
        if name is None:
            return {}
        from pseudonymizer.errors import ProfileError
        from pseudonymizer.profiles.versions import NAME_OPTION, profile_named

        try:
            profile_named(project_of(options["project"]).pk, name)
        except ProfileError as error:
            raise wrong_usage(f"--profile: {error}") from None
        return {NAME_OPTION: name}

    def after(self, job: Job, options: Mapping[str, Any]) -> None:
        """Write the mapping to where the person said."""
        if self.permitted is not None:
            from pseudonymizer.disclosure.gate import export_job_mapping

            lines = export_job_mapping(job, self.permitted)
            self.write_for_person("--mapping", options["mapping"], lines)
