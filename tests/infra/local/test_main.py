import os
import socket
import subprocess
import sys
from pathlib import Path

from infra.local.site import ROOT
from tests.infra.local.holding import folder_holder


def run(data: Path, port: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infra.local", "run"],
        cwd=ROOT,
        env={**os.environ, "PACS2GO_DATA": str(data), "PACS2GO_PORT": str(port)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_port_in_use_ends_the_start_with_one_line(tmp_path: Path) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        done = run(tmp_path / "var", port)
    assert done.returncode == 1
    assert done.stderr.startswith(f"PACS2go: Port {port} is in use")
    assert done.stderr.count("\n") == 1


def test_a_second_copy_ends_with_one_line(tmp_path: Path) -> None:
    holder = folder_holder(tmp_path)
    try:
        done = run(tmp_path, 1)
    finally:
        holder.kill()
        holder.communicate()
    assert done.returncode == 1
    assert done.stderr.startswith("PACS2go: Another copy is running on")
    assert done.stderr.count("\n") == 1


def test_a_data_folder_that_cannot_be_made_ends_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run(tmp_path / "file" / "var", 8000)
    assert done.returncode == 1
    assert done.stderr.startswith("PACS2go: The folder")
    assert done.stderr.count("\n") == 1
