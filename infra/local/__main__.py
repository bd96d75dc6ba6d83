"""Sets up and runs PACS2go as plain processes: python -m infra.local COMMAND."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.errors import InfraError
from infra.local.console import complain, say
from infra.local.folder_lock import locked
from infra.local.ports import require_free
from infra.local.prepare import prepare_machine, prepare_portal
from infra.local.services import (
    orthanc_service,
    planned_orthanc,
    portal_service,
    service_environment,
    worker_service,
)
from infra.local.site import Site, make_private_folder, site_from_environment
from infra.local.supervisor import Supervisor
from infra.local.venv import make_venv


def run(site: Site) -> None:
    """Set up what is missing and serve the portal until Ctrl-C."""
    with locked(site.data) as lock:
        require_free(site.port)
        prepare_machine(site)
        orthanc = planned_orthanc(site) if site.has_own_orthanc else None
        environment = service_environment(site, orthanc)
        prepare_portal(site, environment)
        archive = [orthanc_service(site, orthanc)] if orthanc else []
        others = [worker_service(site, environment), portal_service(site, environment)]
        supervisor = Supervisor([*archive, *others], kept_descriptors=[lock])
        supervisor.run(lambda: say(f"Portal ready at {site.url}/ (Ctrl-C stops it)"))


def run_archive(site: Site) -> None:
    """Serve Orthanc alone until Ctrl-C, for development."""
    with locked(site.data) as lock:
        prepare_machine(site)
        orthanc = planned_orthanc(site)
        supervisor = Supervisor([orthanc_service(site, orthanc)], kept_descriptors=[lock])
        supervisor.run(lambda: say(f"Orthanc ready at {orthanc.url}"))


def set_up(site: Site) -> None:
    """Install and prepare everything without starting a service."""
    prepare_machine(site)


def set_up_tests(site: Site) -> None:
    """Install and prepare what the tests need, the browser included."""
    prepare_machine(site, with_tests=True)


COMMANDS = {
    "run": run,
    "services": run_archive,
    "setup": set_up,
    "test-setup": set_up_tests,
}


def main(arguments: Sequence[str]) -> int:
    """Run one command; what goes wrong is told in one line."""
    parser = argparse.ArgumentParser(prog="python -m infra.local", description=__doc__)
    parser.add_argument("command", choices=[*COMMANDS, "venv"])
    parser.add_argument("requirements", nargs="*", type=Path, help="for venv: the locked files")
    options = parser.parse_args(arguments)
    os.umask(0o077)
    # Being told to end while still setting up cleans up like Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if options.command == "venv":
            os.umask(0o022)
            make_venv(options.requirements)
            return 0
        site = site_from_environment(os.environ)
        make_private_folder(site.data)
        COMMANDS[options.command](site)
    except InfraError as error:
        complain(str(error))
        return 1
    except KeyboardInterrupt:
        complain("Stopped before everything was set up; run it again to go on.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
