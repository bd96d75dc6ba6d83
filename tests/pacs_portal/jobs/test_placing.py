"""Finished files get their names whole, over nobody's file, and over what a power cut tore."""

import hashlib

import pytest

from pacs_portal.jobs import placing
from pacs_portal.jobs.placing import Placed, place_instance

CONTENT = b"preamble" + bytes(range(1, 256)) * 9000  # longer than what is compared at once


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "made.dcm"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def target(tmp_path):
    return tmp_path / "out" / "series" / "1.2.3.dcm"


def put(source, target, *, is_linkable=True) -> Placed:
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    return place_instance(source, target, digest, is_linkable=is_linkable)


def stand_there(target, content: bytes) -> None:
    target.parent.mkdir(parents=True)
    target.write_bytes(content)


@pytest.mark.parametrize("is_linkable", [True, False])
def test_a_file_comes_into_a_folder_that_was_not_there(source, target, is_linkable):
    assert put(source, target, is_linkable=is_linkable) is Placed.WRITTEN
    assert target.read_bytes() == CONTENT
    assert [path.name for path in target.parent.iterdir()] == ["1.2.3.dcm"]


def test_a_file_system_without_hard_links_is_good_enough(source, target, monkeypatch):
    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(placing.os, "link", refuse)
    assert put(source, target) is Placed.WRITTEN
    assert target.read_bytes() == CONTENT


def test_the_same_file_is_found_to_be_there(source, target):
    stand_there(target, CONTENT)
    before = target.stat()
    assert put(source, target) is Placed.SAME
    assert target.stat().st_ino == before.st_ino


@pytest.mark.parametrize(
    "torn",
    [b"", CONTENT[:100], CONTENT[: 1 << 20], CONTENT[:100] + bytes(50), bytes(len(CONTENT))],
    ids=["empty", "short", "cut where blocks end", "zeros behind", "zeros alone"],
)
def test_what_a_power_cut_left_is_completed(source, target, torn):
    stand_there(target, torn)
    assert put(source, target) is Placed.WRITTEN
    assert target.read_bytes() == CONTENT
    assert len(list(target.parent.iterdir())) == 1


@pytest.mark.parametrize(
    "other",
    [b"other", CONTENT + b"\0", CONTENT[:100] + b"x", CONTENT[:-1] + b"x", bytes(9) + b"x"],
    ids=["short", "longer", "goes on otherwise", "ends otherwise", "zeros and more"],
)
def test_another_file_is_left_alone(source, target, other):
    stand_there(target, other)
    assert put(source, target) is Placed.TAKEN
    assert target.read_bytes() == other


def test_a_link_that_stands_there_is_left_alone(source, target, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"")
    target.parent.mkdir(parents=True)
    target.symlink_to(elsewhere)
    assert put(source, target) is Placed.TAKEN
    assert elsewhere.read_bytes() == b""
