"""Makes .venv from the locked requirements, with uv where it is at hand, else with pip."""
# ruff: noqa: S603 (every command line here is ours)

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.errors import InfraError, NetworkError
from infra.local.console import say
from infra.local.packages import VENV_PACKAGES, ensure_packages
from infra.local.site import ROOT

FOLDER = ROOT / ".venv"
LOG = FOLDER / "install.log"
OLDEST_PYTHON = (3, 11)


def make_venv(requirement_files: Sequence[Path]) -> None:
    """Make .venv where it is missing and install the files' packages, each checked by its hash."""
    if sys.version_info < OLDEST_PYTHON:
        raise InfraError("Python 3.11 or newer is needed: name one with make PYTHON=python3.12.")
    say(f"Installing Python packages: {', '.join(path.name for path in requirement_files)}")
    uv = shutil.which("uv")
    options = [part for path in requirement_files for part in ("-r", str(path))]
    if uv:
        _create([uv, "venv", "--quiet", "--python", sys.executable, str(FOLDER)])
        install = [uv, "pip", "install", "--quiet", "--python", str(FOLDER / "bin" / "python")]
    else:
        _require_venv_module()
        _create([sys.executable, "-m", "venv", str(FOLDER)])
        pip = [str(FOLDER / "bin" / "python"), "-m", "pip"]
        install = [*pip, "install", "--quiet", "--retries", "2", "--disable-pip-version-check"]
    with LOG.open("wb") as log:
        command = [*install, "--require-hashes", *options]
        done = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise NetworkError(
            "The Python packages could not be installed: is the machine online? Connect it and "
            f"run again; what the installer said is in {LOG}."
        )


def _create(command: Sequence[str]) -> None:
    if (FOLDER / "bin" / "python").exists():
        return
    if subprocess.run(command, check=False).returncode != 0:
        raise InfraError(f"{FOLDER} could not be made (see above).")


def _require_venv_module() -> None:
    """Debian's bare python3 lacks ensurepip, without which a new venv has no pip."""
    if importlib.util.find_spec("ensurepip") is None:
        ensure_packages(VENV_PACKAGES)
