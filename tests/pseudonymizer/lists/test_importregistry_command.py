"""`manage.py importregistry`: the check and the import, told in line numbers."""

from pathlib import Path

import pytest

from tests.command_line import CommandLine, Ended

GOOD = "patient_id;name;pseudonym\nA-4711;Zwirbelmayr^Hans;P-1\nB-12;Quastenflosser^Ute;P-2\n"


def run(portal: CommandLine, folder: Path, content: str | bytes, *options: str) -> Ended:
    list_ = folder / "Zwirbelmayr.csv"
    list_.write_bytes(content if isinstance(content, bytes) else content.encode())
    return portal.run("importregistry", "--project", "heart", list_, *options)


def test_a_list_is_checked_then_imported_then_known(portal, tmp_path) -> None:
    checked = run(portal, tmp_path, GOOD, "--check")
    counted = "2 ready, 0 already known, 0 repeated, 0 in conflict\n"
    assert (checked.status, checked.out) == (0, f"{counted}Nothing was imported.\n")
    imported = run(portal, tmp_path, GOOD)
    assert (imported.status, imported.out, imported.err) == (0, f"{counted}2 imported.\n", "")
    again = run(portal, tmp_path, GOOD)
    assert again.status == 0
    assert again.out.startswith("0 ready, 2 already known")

    bad = GOOD + "C-3;Kleiber^Ida;P-2\nD-4;Hand^May;P-4\n;Nobody;P-5\n"
    refused = run(portal, tmp_path, bad)
    assert refused.status == 1
    assert refused.out.endswith("Nothing was imported.\n")
    assert [line.split(":")[0] for line in refused.err.splitlines()] == ["line 4", "line 6"]
    in_part = run(portal, tmp_path, bad, "--only-good")
    assert (in_part.status, in_part.out.splitlines()[-1]) == (1, "1 imported.")
    for ended in (refused, in_part):
        assert not any(name in ended.err + ended.out for name in ("Kleiber", "Nobody", "P-2"))


@pytest.mark.parametrize("content", ["", "A-4711;Zwirbelmayr^Hans\n", b"PK\x03\x04"])
def test_what_is_no_list_ends_with_one_line_and_status_2(portal, tmp_path, content) -> None:
    ended = run(portal, tmp_path, content)
    assert (ended.status, ended.out) == (2, "")
    assert len(ended.err.splitlines()) == 1
    assert "Zwirbelmayr" not in ended.err


def test_wrong_usage_ends_with_status_2(portal, tmp_path) -> None:
    missing = portal.run("importregistry", "--project", "heart", tmp_path / "none.csv")
    assert (missing.status, len(missing.err.splitlines())) == (2, 1)
    list_ = tmp_path / "list.csv"
    list_.write_text(GOOD)
    foreign = portal.run("importregistry", "--project", "nobodys", list_)
    assert (foreign.status, len(foreign.err.splitlines())) == (2, 1)
