"""How IDs and birth dates are written in other texts: what a text must have, and the pattern."""

import re
from collections.abc import Iterator
from datetime import date

Needle = tuple[str, str]  # a part that a folded text must have, and the pattern around it

FEWEST_ID_CHARACTERS = 5
FEWEST_LONE_DIGITS = 6  # of an ID that is written without its letters
_TOKEN = re.compile(r"[^\W\d_]+|\d+")
_SIGNS = r"[\W_]{0,2}"  # between the parts of an ID
_DATE = re.compile(r"(\d{4})([-./]?)(\d{2})\2(\d{2})")
_PLACEHOLDER_DATES = frozenset({"00010101", "18000101", "19000101", "19010101", "19700101"})
_BETWEEN = r" ?[-./_, ] ?"  # between day, month and year as numbers
_BESIDE_MONTH = r"[\W_]{0,3}"
_ORDINAL = "(?:st|nd|rd|th)?"
_MONTHS = (
    ("january", "januar", "jan"),
    ("february", "februar", "feb"),
    ("march", "maerz", "marz", "mar", "mrz"),
    ("april", "apr"),
    ("may", "mai"),
    ("june", "juni", "jun"),
    ("july", "juli", "jul"),
    ("august", "aug"),
    ("september", "sept", "sep"),
    ("october", "oktober", "oct", "okt"),
    ("november", "nov"),
    ("december", "dezember", "dec", "dez"),
)


def id_needles(text: str) -> Iterator[Needle]:
    """Yield how a folded ID is found: with any signs between its parts, zeros before its digits.

    An ID of letters and one long number is found by the number alone, too.
    """
    tokens = _TOKEN.findall(text)
    numbers = [token for token in tokens if token.isdigit()]
    if len(tokens) > len(numbers) == 1 and len(numbers[0].lstrip("0")) >= FEWEST_LONE_DIGITS:
        tokens = numbers
    bare = [
        token.lstrip("0") if token.isdigit() and not before.isdigit() else token
        for before, token in zip(["", *tokens], tokens, strict=False)
    ]
    if _significant(bare) >= FEWEST_ID_CHARACTERS:
        parts = ["0*" + part if part.isdigit() else part for part in bare]
        yield max(bare, key=len), _bounded(_SIGNS.join(parts), tokens[0], tokens[-1])
    elif _significant(tokens) >= FEWEST_ID_CHARACTERS:
        pattern = _SIGNS.join(tokens)
        yield max(tokens, key=len), _bounded(pattern, tokens[0], tokens[-1])
    elif _significant([text]) >= FEWEST_ID_CHARACTERS:
        yield text, _bounded(re.escape(text), text[0], text[-1])


def _significant(tokens: list[str]) -> int:
    compact = "".join(tokens)
    return len(compact.lstrip("0") if compact.isdigit() else compact)


def _bounded(pattern: str, first: str = "0", last: str = "0") -> str:
    """Return a pattern whose digits, at its beginning and end, no other digit touches."""
    before = r"(?<!\d)" if first.isdigit() else ""
    return before + pattern + (r"(?!\d)" if last.isdigit() else "")


def date_parts(text: str) -> tuple[str, str, str] | None:
    """Return year, month and day of a DA value; None for what is no date or a placeholder."""
    match = _DATE.fullmatch(text.strip(" \0"))
    if match is None or match[1] + match[3] + match[4] in _PLACEHOLDER_DATES:
        return None
    try:
        date(int(match[1]), int(match[3]), int(match[4]))
    except ValueError:
        return None
    return match[1], match[3], match[4]


def date_needles(text: str) -> Iterator[Needle]:
    """Yield how a birth date is found as numbers, in any order."""
    parts = date_parts(text)
    if parts is None:
        return
    year, padded_month, padded_day = parts
    month, day = _bare(padded_month), _bare(padded_day)
    numbers = [year + padded_month + padded_day, padded_day + padded_month + year]
    numbers += [padded_month + padded_day + year, _BETWEEN.join((year, month, day))]
    for first, second in ((day, month), (month, day)):
        numbers.append(_BETWEEN.join((first, second, year)))
    yield year, _bounded(f"(?:{'|'.join(numbers)})")
    yield from _with_short_year(padded_day, padded_month, year[2:])


def month_needles(text: str) -> Iterator[Needle]:
    """Yield how a birth date is found beside the month's name, which must be a word of the text."""
    parts = date_parts(text)
    if parts is None:
        return
    year, month, day = parts
    names = _MONTHS[int(month) - 1]
    name, years = f"(?:{'|'.join(names)})", f"(?:{year}|{year[2:]})"
    day = _bare(day)
    written = (
        _BESIDE_MONTH.join((day + _ORDINAL, name, years)),
        _BESIDE_MONTH.join((name, day + _ORDINAL, years)),
        _BESIDE_MONTH.join((year, name, day)),
    )
    pattern = _bounded(f"(?:{'|'.join(written)})")
    yield from ((name, pattern) for name in names)


def _bare(part: str) -> str:
    """Return the pattern of a day or month, with or without a zero before it."""
    return part.replace("0", "0?", 1) if part < "10" else part


def _with_short_year(day: str, month: str, year: str) -> Iterator[Needle]:
    for first, second in ((day, month), (month, day)):
        for sign in "-./":
            pairs = {(first, second), (first.lstrip("0"), second.lstrip("0"))}
            for text in sorted(sign.join((*pair, year)) for pair in pairs):
                yield text, _bounded(re.escape(text))
