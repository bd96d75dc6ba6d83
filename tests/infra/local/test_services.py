"""What the services of an installation are told."""

import pytest

from infra.local import services
from infra.local.site import site_from_environment
from infra.orthanc.configuration import OrthancPlan


def test_orthanc_is_told_no_secret_of_the_portal(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "built_loopback_guard", lambda folder: folder / "guard.so")
    monkeypatch.setattr(services, "server_program", lambda: tmp_path / "Orthanc")
    told = {
        "PACS2GO_DATA": str(tmp_path),
        "PACS2GO_SECRET_KEY": "hush-hush",
        "DATABASE_URL": "postgres://portal:hush-hush@127.0.0.1/portal",
        "PATH": "/usr/bin",
        "LC_ALL": "C.UTF-8",
    }
    site = site_from_environment(told)
    plan = OrthancPlan(folder=tmp_path, port=8042, username="portal", password="other")
    environment = services.orthanc_service(site, plan).environment
    assert "hush-hush" not in " ".join(environment.values())
    assert environment["PATH"] == "/usr/bin"
    assert environment["LC_ALL"] == "C.UTF-8"
    assert environment["LD_PRELOAD"].endswith("guard.so")
