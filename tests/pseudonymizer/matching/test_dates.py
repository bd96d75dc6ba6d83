"""How far two birth dates agree."""

import pytest

from pseudonymizer.matching.dates import DateLevel, birth_date, compare_dates


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("19560228", "19560228", DateLevel.EQUAL),
        ("19560101", "19560101", DateLevel.NEW_YEAR),
        ("19560412", "19561204", DateLevel.SWAPPED),
        ("19560228", "19560223", DateLevel.DAY_SLIP),
        ("19560213", "19560231", DateLevel.DAY_SLIP),  # neighboring digits changed over
        ("19560228", "19650228", DateLevel.YEAR_SLIP),
        ("19560228", "19860228", DateLevel.YEAR_SLIP),
        ("19560228", "1956", DateLevel.YEAR),
        ("1957", "19560228", DateLevel.DIFFERENT),
        ("19560228", "19570227", DateLevel.DIFFERENT),
        ("19560228", "19561104", DateLevel.DIFFERENT),
        ("19560228", "", DateLevel.MISSING),
    ],
)
def test_dates_agree_so_far(one: str, other: str, level: DateLevel) -> None:
    assert compare_dates(one, other) == compare_dates(other, one) == level


@pytest.mark.parametrize(
    ("written", "plain"), [("1956.02.28", "19560228"), ("1956", "1956"), ("19000101", "")]
)
def test_a_year_alone_is_kept(written: str, plain: str) -> None:
    assert birth_date(written) == plain
