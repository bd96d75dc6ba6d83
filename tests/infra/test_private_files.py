import stat
from pathlib import Path

from infra.private_files import kept_secret, write_private


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_secret_is_made_once_and_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "secret_key"
    first = kept_secret(path)
    assert len(first) >= 50
    assert kept_secret(path) == first
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700


def test_a_secret_that_others_can_read_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "secret_key"
    path.write_text("known")
    path.chmod(0o644)
    assert kept_secret(path) == "known"
    assert mode(path) == 0o600


def test_a_private_file_is_replaced_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "orthanc.json"
    write_private(path, "old")
    write_private(path, "new")
    assert path.read_text() == "new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["orthanc.json"]
