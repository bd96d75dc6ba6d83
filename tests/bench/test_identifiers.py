"""Nothing planted in hard files is left by our engine; the counting itself counts."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pseudonymizer.engine import Context, HeldBack, Subject, default_profile, pseudonymize_file
from tests.bench.hard_files import make_hard_files
from tests.bench.identifiers import Count, section_of

pytestmark = pytest.mark.filterwarnings("ignore")  # pydicom's, on what it is told to write


@pytest.fixture
def context() -> Context:
    return Context(
        subject=Subject("CT-7QF3K0ZB5", "ct", -400),
        uid_key=b"a key of this test project alone",
        profile=default_profile(),
        now=datetime(2026, 3, 1, 12, tzinfo=UTC),
    )


def test_no_planted_identifier_is_left_and_few_files_are_held(tmp_path: Path, context) -> None:
    planter = make_hard_files(tmp_path / "sources")
    sources = sorted((tmp_path / "sources").iterdir())
    assert len(sources) > 100
    assert len(planter.planted) > 4000
    assert planter.left_in(tmp_path / "sources") == planter.planted

    out = tmp_path / "out"
    out.mkdir()
    held = []
    for source in sources:
        try:
            pseudonymize_file(source, out, context)
        except HeldBack as error:
            held.append(error.code)
    assert planter.left_in(out) == set()
    assert held == 4 * ["identifier-left"]  # the patient's own name as a setting of the scanner


def test_the_section_names_who_could_not_take_part() -> None:
    text = section_of([Count("ours", 9, 0), Count("peer", error="no wheel")], 10, 4321)
    assert "| ours | 9 of 10 | 0 |" in text
    assert "- peer: no wheel" in text
    assert "4,321" in text
