import json
import stat
from pathlib import Path

import pytest

from infra.local import children
from infra.local.ports import listening_addresses
from infra.local.services import answers, orthanc_is_ready, orthanc_service, planned_orthanc
from infra.local.site import Site
from tests.infra.waiting import wait_until


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(data=tmp_path, port=8000)


def test_the_configuration_with_its_password_is_for_its_owner_only(site: Site) -> None:
    plan = planned_orthanc(site)
    assert stat.S_IMODE(plan.configuration.stat().st_mode) == 0o600
    assert plan.password not in repr(site)


def test_nothing_but_the_authenticated_rest_interface_is_open(site: Site) -> None:
    settings = json.loads(planned_orthanc(site).configuration.read_text())
    assert settings["AuthenticationEnabled"]
    assert not settings["DicomServerEnabled"]
    assert not settings["ExecuteLuaEnabled"]
    assert not settings["DicomWeb"]["EnableWado"]
    assert not settings["OverwriteInstances"]


def test_the_real_orthanc_listens_on_loopback_only_and_asks_for_the_password(site: Site) -> None:
    plan = planned_orthanc(site)
    process = children.start(orthanc_service(site, plan))
    try:
        wait_until(lambda: orthanc_is_ready(plan))
        assert listening_addresses(plan.port) == {"127.0.0.1"}
        assert listening_addresses_of(process.pid) == {f"127.0.0.1:{plan.port}"}
        assert answers(f"{plan.url}/dicom-web/studies", (plan.username, plan.password))
        assert not answers(f"{plan.url}/system")
        assert not answers(f"{plan.url}/system", (plan.username, "wrong"))
    finally:
        children.stop(process, 20)


def listening_addresses_of(pid: int) -> set[str]:
    """Every TCP address on which this process listens, by the inodes of its sockets."""
    links = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    rows += [line.split() for line in Path("/proc/net/tcp6").read_text().splitlines()[1:]]
    ports = {
        int(row[1].rpartition(":")[2], 16)
        for row in rows
        if row[3] == "0A" and f"socket:[{row[9]}]" in links
    }
    return {f"{address}:{port}" for port in ports for address in listening_addresses(port)}
