import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from infra.errors import ServiceError
from infra.local import supervisor as supervisor_module
from infra.local.children import Service
from infra.local.site import ROOT
from infra.local.supervisor import Supervisor
from tests.infra.waiting import wait_until

# Each service notes its process in a file, then sleeps until it is told to end.
SERVICE = (
    "import os, pathlib, signal, sys;"
    "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0));"
    "pathlib.Path(sys.argv[1]).write_text(str(os.getpid()));"
    "signal.pause()"
)
SUPERVISED = """
import sys
from pathlib import Path
from infra.local.children import Service
from infra.local.supervisor import Supervisor

folder = Path(sys.argv[1])
command = [sys.executable, "-c", sys.argv[2]]
services = [
    Service(name, [*command, str(folder / name)], {}, folder / f"{name}.log",
            is_ready=(folder / name).exists)
    for name in ("one", "two")
]
Supervisor(services).run(lambda: print("ready", flush=True))
"""


def is_running(pid: int) -> bool:
    """A zombie has ended too."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def noted_pid(path: Path) -> int:
    wait_until(lambda: path.exists() and path.read_text() != "")
    return int(path.read_text())


def supervised(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISED, str(folder), SERVICE],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_service_outlives_the_supervisor(tmp_path: Path, by: signal.Signals) -> None:
    process = supervised(tmp_path)
    pids = [noted_pid(tmp_path / name) for name in ("one", "two")]
    process.send_signal(by)
    process.communicate(timeout=20)
    wait_until(lambda: not any(is_running(pid) for pid in pids))
    assert process.returncode == (-signal.SIGKILL if by is signal.SIGKILL else 0)


def test_an_impatient_second_stop_signal_changes_nothing(tmp_path: Path) -> None:
    process = supervised(tmp_path)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 0


def test_a_service_that_dies_is_started_again(tmp_path: Path) -> None:
    process = supervised(tmp_path)
    first = noted_pid(tmp_path / "two")
    (tmp_path / "two").unlink()
    os.kill(first, signal.SIGKILL)
    second = noted_pid(tmp_path / "two")
    assert second != first
    process.terminate()
    process.communicate(timeout=20)
    assert not is_running(second)


def test_a_service_that_keeps_dying_stops_everything_and_names_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "LONGEST_PAUSE_SECONDS", 0.05)
    log = tmp_path / "logs" / "portal.log"
    command = [sys.executable, "-c", "import sys; sys.exit('no such database')"]
    dying = Service("portal", command, {}, log, is_ready=lambda: False)
    with pytest.raises(ServiceError, match=f"The portal did not start.*{log}"):
        Supervisor([dying]).run(lambda: None)
    assert log.read_text().count("no such database") == supervisor_module.FAILED_STARTS
    assert log.stat().st_mode & 0o077 == 0
