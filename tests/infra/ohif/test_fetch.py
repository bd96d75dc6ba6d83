from pathlib import Path

import pytest

from infra.errors import NetworkError
from infra.ohif import fetch


def fake_npm(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    program = folder / "npm"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_a_package_with_another_digest_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_npm(tmp_path, monkeypatch, f"echo changed > {fetch.TARBALL}")
    with pytest.raises(NetworkError, match="not the one expected"):
        fetch.fetched_tarball(tmp_path / "cache")
    assert not (tmp_path / "cache" / fetch.TARBALL).exists()


def test_a_machine_without_network_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_npm(tmp_path, monkeypatch, "exit 1")
    with pytest.raises(NetworkError, match="is the machine online") as caught:
        fetch.fetched_tarball(tmp_path / "cache")
    assert "\n" not in str(caught.value)


def test_the_digest_is_written_as_the_registry_writes_it(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    # SHA-512 of nothing (FIPS 180-4), in base64.
    assert fetch.sha512_of(empty) == (
        "z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="
    )
