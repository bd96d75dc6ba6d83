"""Fetches the published build of the viewer by its package name and checks it byte for byte."""
# ruff: noqa: S603 (every command line here is ours)

import base64
import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from infra.errors import NetworkError, PackageError

PACKAGE = "@ohif/app"
VERSION = "3.13.2"
TARBALL = f"ohif-app-{VERSION}.tgz"
SHA512 = "WZdxmpmG7rqFgW9ZJLcbgr3XCtLi1KDNPoMaeY5PPe6j4G4fjEjjkycZM6C6Zk2F87BKxFfpq+jd5xXZB9E8EA=="


def fetched_tarball(cache: Path) -> Path:
    """Return the checked package file, from `cache` where it already lies there."""
    tarball = cache / TARBALL
    if not (tarball.is_file() and sha512_of(tarball) == SHA512):
        _fetch_into(tarball)
    return tarball


def sha512_of(path: Path) -> str:
    """Return the digest in the form that the package registry names it."""
    with path.open("rb") as file:
        return base64.b64encode(hashlib.file_digest(file, "sha512").digest()).decode()


def _fetch_into(tarball: Path) -> None:
    tarball.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=tarball.parent) as folder:
        _npm_pack(Path(folder), tarball)
        fetched = Path(folder) / TARBALL
        found = sha512_of(fetched)
        if found != SHA512:
            raise NetworkError(
                f"The package {PACKAGE} {VERSION} is not the one expected: "
                f"its SHA-512 should be {SHA512}, found {found}. Nothing was installed."
            )
        fetched.replace(tarball)


def npm_program() -> str | None:
    """Return npm, None where there is none."""
    return shutil.which("npm")


def _npm_pack(folder: Path, tarball: Path) -> None:
    npm = npm_program()
    if npm is None:
        raise PackageError("npm is missing, which fetches the viewer: install the package npm.")
    command = [npm, "pack", f"{PACKAGE}@{VERSION}", "--pack-destination", str(folder)]
    # npm's own patience of three minutes would hide that the machine is offline.
    patience = ["--fetch-retries=1", "--fetch-retry-mintimeout=2000"]
    done = subprocess.run([*command, *patience], cwd=folder, capture_output=True, check=False)
    if done.returncode != 0 or not (folder / TARBALL).is_file():
        raise NetworkError(
            f"The viewer could not be fetched (npm package {PACKAGE} {VERSION}): is the machine "
            f"online? Connect it and run again, or put {TARBALL} at {tarball}."
        )
