"""Puts the fitted OHIF viewer into the data folder."""

import shutil
from pathlib import Path

from infra.errors import InfraError
from infra.local.console import say
from infra.local.packages import NPM_PACKAGES, ensure_packages
from infra.local.site import Site
from infra.ohif import fetch
from infra.ohif.fit import fit, fit_digest


def prepare_viewer(site: Site) -> Path:
    """Return the folder that the portal serves below /ohif/, fetched and fitted where missing."""
    current = site.data / "ohif" / "current"
    fitted = _given(site.ohif) if site.ohif and site.ohif != current else _own(site)
    _point(current, fitted)
    _remove_older(current.parent, fitted)
    return current


def _given(folder: Path) -> Path:
    if not (folder / "app-config.js").is_file():
        raise InfraError(f"PACS2GO_OHIF names a folder without a fitted viewer: {folder}.")
    return folder


def _own(site: Site) -> Path:
    fitted = site.data / "ohif" / f"{fetch.VERSION}-{fit_digest()}"
    if not fitted.is_dir():
        say(f"Preparing the viewer: OHIF {fetch.VERSION}")
        tarball = site.data / "cache" / fetch.TARBALL
        if not tarball.exists():
            ensure_npm()
        fit(fetch.fetched_tarball(tarball.parent), fitted)
    return fitted


def ensure_npm() -> None:
    """Install npm where no npm of any origin is at hand."""
    if fetch.npm_program() is None:
        ensure_packages(NPM_PACKAGES)


def _point(link: Path, target: Path) -> None:
    """Make `link` point to `target` in one step."""
    if link.is_symlink() and link.readlink() == target:
        return
    link.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = link.with_name(".current")
    unfinished.unlink(missing_ok=True)
    unfinished.symlink_to(target)
    unfinished.replace(link)


def _remove_older(folder: Path, fitted: Path) -> None:
    """Remove what earlier versions of the viewer or of its fit left: 180 MB each."""
    for path in folder.iterdir():
        is_fitted = path.is_dir() and not path.is_symlink() and not path.name.startswith(".")
        if is_fitted and path != fitted:
            shutil.rmtree(path, ignore_errors=True)
