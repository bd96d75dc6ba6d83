from pathlib import Path

import pytest

from infra.errors import InfraError
from infra.local.site import Site
from infra.local.viewer import prepare_viewer


def fitted_folder(place: Path) -> Path:
    place.mkdir(parents=True)
    (place / "app-config.js").touch()
    return place


def test_a_viewer_fitted_elsewhere_is_shared(tmp_path: Path) -> None:
    shared = fitted_folder(tmp_path / "shared")
    current = prepare_viewer(Site(data=tmp_path / "var", port=8000, ohif=shared))
    assert current == tmp_path / "var" / "ohif" / "current"
    assert current.resolve() == shared


def test_a_folder_without_a_fitted_viewer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InfraError, match="PACS2GO_OHIF"):
        prepare_viewer(Site(data=tmp_path / "var", port=8000, ohif=tmp_path))


def test_what_an_older_version_left_is_removed(tmp_path: Path) -> None:
    site = Site(data=tmp_path, port=8000, ohif=fitted_folder(tmp_path / "shared"))
    older = fitted_folder(tmp_path / "ohif" / "3.12.0-0123456789ab")
    prepare_viewer(site)
    assert not older.exists()
    assert (tmp_path / "shared" / "app-config.js").exists()
