from pathlib import Path

import pytest

from infra.errors import InfraError
from infra.local.site import ROOT, make_private_folder, site_from_environment


def test_the_data_folder_is_var_and_the_port_8000_unless_said_otherwise() -> None:
    site = site_from_environment({})
    assert (site.data, site.port) == (ROOT / "var", 8000)
    assert site.url == "http://127.0.0.1:8000"


@pytest.mark.parametrize("text", ["http", "0", "65536", "-1"])
def test_a_port_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InfraError, match="PACS2GO_PORT"):
        site_from_environment({"PACS2GO_PORT": text})


def test_an_orthanc_that_somebody_named_is_not_ours_to_start() -> None:
    assert site_from_environment({}).has_own_orthanc
    assert not site_from_environment({"ORTHANC_URL": "http://127.0.0.1:8042"}).has_own_orthanc


def test_a_data_folder_that_cannot_be_made_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InfraError, match="cannot be made"):
        make_private_folder(tmp_path / "file" / "var")
