"""Writes the private configuration of Orthanc and builds what keeps it on loopback."""
# ruff: noqa: S603 (every command line here is ours)

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from infra.errors import PackageError
from infra.private_files import write_private

HERE = Path(__file__).parent
PLUGIN_FOLDER = Path("/usr/share/orthanc/plugins")
PLUGINS = ("libOrthancDicomWeb.so", "libOrthancGdcm.so")
SERVER_PLACES = (Path("/usr/sbin/Orthanc"), Path("/usr/bin/Orthanc"))


@dataclass(frozen=True)
class OrthancPlan:
    """Where one Orthanc keeps its files, and who may speak to it at which port."""

    folder: Path
    port: int
    username: str
    password: str

    @property
    def configuration(self) -> Path:
        """Return the file that Orthanc is started with."""
        return self.folder / "orthanc.json"

    @property
    def url(self) -> str:
        """Return the address of its REST interface."""
        return f"http://127.0.0.1:{self.port}"


def write_configuration(plan: OrthancPlan) -> None:
    """Write orthanc.json for `plan`, readable by its owner only, and make its folders."""
    storage, temporary = plan.folder / "storage", plan.folder / "tmp"
    for folder in (storage, temporary):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = json.loads((HERE / "orthanc.json").read_text("utf-8"))
    settings |= {
        "StorageDirectory": str(storage),
        "IndexDirectory": str(storage),
        "TemporaryDirectory": str(temporary),
        "HttpPort": plan.port,
        "RegisteredUsers": {plan.username: plan.password},
        "Plugins": [str(PLUGIN_FOLDER / name) for name in PLUGINS],
    }
    write_private(plan.configuration, json.dumps(settings, indent=2) + "\n")


def server_program() -> Path:
    """Return Orthanc's program; a missing one or a missing plugin stops."""
    program = next((place for place in SERVER_PLACES if place.exists()), None)
    missing = [name for name in PLUGINS if not (PLUGIN_FOLDER / name).exists()]
    if program is None or missing:
        raise PackageError(
            "Orthanc or one of its plugins is missing: install the packages "
            "orthanc, orthanc-dicomweb and orthanc-gdcm."
        )
    return program


def built_loopback_guard(folder: Path) -> Path:
    """Return the library that binds Orthanc to loopback, compiled once per source."""
    library, source = folder / "loopback.so", HERE / "loopback.c"
    if library.exists() and library.stat().st_mtime >= source.stat().st_mtime:
        return library
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise PackageError("A C compiler is missing: install the packages gcc and libc6-dev.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = library.with_suffix(".part")
    command = [compiler, "-shared", "-fPIC", "-O2", "-o", str(unfinished), str(source), "-ldl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PackageError(
            "infra/orthanc/loopback.c could not be compiled: install the packages gcc and "
            f"libc6-dev. The compiler said: {done.stderr.strip().splitlines()[:1]}"
        )
    unfinished.replace(library)
    return library
