"""Brings an installation into the state in which its services can start."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from infra.errors import ServiceError
from infra.local.children import die_with
from infra.local.console import say
from infra.local.log_files import opened_log
from infra.local.packages import TEST_PACKAGES, ensure_packages, packages_to_run
from infra.local.site import ROOT, Site
from infra.local.viewer import prepare_viewer
from infra.orthanc.configuration import built_loopback_guard, server_program
from infra.private_files import kept_secret

# The one message of a failed command that is written for people.
MESSAGE_CLASSES = ("CommandError: ", "django.core.exceptions.ImproperlyConfigured: ")


def prepare_machine(site: Site, with_tests: bool = False) -> None:
    """Install system packages, make the secrets and the viewer; does nothing the second time."""
    if site.has_own_orthanc:
        ensure_packages(packages_to_run())
        server_program()
        built_loopback_guard(site.orthanc)
    if with_tests:
        ensure_packages(TEST_PACKAGES)
    kept_secret(site.secrets / "secret_key")
    prepare_viewer(site)


def prepare_portal(site: Site, environment: Mapping[str, str]) -> None:
    """Migrate the database, collect static files and make the first admin.

    What the commands print is shown, since it holds the first password; errors are logged.
    """
    say("Preparing the database")
    done = subprocess.run(
        [sys.executable, "-m", "infra.local.django_steps"],
        cwd=ROOT,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        preexec_fn=die_with(os.getpid()),  # safe: this process has one thread
    )
    log_path = site.logs / "setup.log"
    with opened_log(log_path) as log:
        log.write(done.stderr.encode())
    if done.returncode != 0:
        raise ServiceError(_reason(done.stderr, log_path))


def _reason(stderr: str, log: Path) -> str:
    last_line = stderr.strip().rpartition("\n")[2]
    for prefix in MESSAGE_CLASSES:
        if last_line.startswith(prefix):
            return last_line.removeprefix(prefix)
    return f"The database could not be prepared; the log says why: {log}"
