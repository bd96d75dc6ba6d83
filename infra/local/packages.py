"""Debian packages that are not Python's: which are missing, and installing them."""
# ruff: noqa: S603 (every command line here is ours)

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.errors import PackageError
from infra.local.console import say

SCRIPT = Path(__file__).with_name("install_packages.sh")
SERVER_PACKAGES = ("orthanc", "orthanc-dicomweb", "orthanc-gdcm")
COMPILER_PACKAGES = ("gcc", "libc6-dev")
VENV_PACKAGES = ("python3-venv",)
NPM_PACKAGES = ("npm",)
TEST_PACKAGES = ("chromium", "dicom3tools", "fonts-dejavu-core", "fonts-liberation", "postgresql")


def packages_to_run() -> tuple[str, ...]:
    """Name what the services need; a compiler from elsewhere counts."""
    has_compiler = shutil.which("cc") or shutil.which("gcc")
    return SERVER_PACKAGES if has_compiler else (*SERVER_PACKAGES, *COMPILER_PACKAGES)


def ensure_packages(names: Sequence[str]) -> None:
    """Install those of `names` that are missing, without starting their services."""
    missing = [name for name in names if not _is_installed(name)]
    if not missing:
        return
    listed = " ".join(missing)
    if shutil.which("apt-get") is None:
        raise PackageError(f"Install these packages with your system's own tool first: {listed}.")
    say(f"Installing system packages: {listed}")
    command = [*_root_prefix(listed), "sh", str(SCRIPT), *missing]
    done = subprocess.run(
        command,
        stdin=None if sys.stdin.isatty() else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise PackageError(
            f"The system packages could not be installed ({listed}): is the machine online? "
            f"Connect it and run again, or install them by hand. {_last_error(done.stdout)}"
        )


def _is_installed(name: str) -> bool:
    query = shutil.which("dpkg-query")
    if query is None:
        return False
    command = [query, "--show", "--showformat=${db:Status-Status}", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout == "installed"


def _root_prefix(listed: str) -> list[str]:
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo is None:
        raise PackageError(f"System packages are missing; as root run: apt-get install {listed}")
    # Without a terminal nobody can type a password: fail at once instead of waiting.
    return [sudo] if sys.stdin.isatty() else [sudo, "-n"]


def _last_error(output: str) -> str:
    lines = [line for line in output.splitlines() if line.startswith(("E: ", "sudo: "))]
    return lines[-1] if lines else ""
