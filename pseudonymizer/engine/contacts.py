"""How postal addresses and telephone numbers are written in other texts."""

import re
from collections.abc import Iterator

from pseudonymizer.engine.spellings import folded

FEWEST_TELEPHONE_DIGITS = 7
_TELLING_DIGITS = 9  # at its end: before them stand codes of town and country in several forms
_MOST_DIGITS = 6  # of a house number or postal code
_TOKEN = re.compile(r"[^\W\d_]+|\d+")
_SIGNS = r"[\W_]{1,3}"
_STREET = re.compile("(.*)(?:str|strasse)")
_NO_DIGITS = re.compile(r"\D+")
_BETWEEN_DIGITS = " \t()/.-"
_REMOVED = str.maketrans("", "", _BETWEEN_DIGITS)


def address_patterns(address: str) -> Iterator[tuple[str, str]]:
    """Yield each word of an address beside a number, and the pattern of both in folded texts.

    So street and house number, postal code and town, in the order of the address; a word by
    itself is many people's.

    Parameters
    ----------
    address : str
        A value of Patient's Address.

    Yields
    ------
    tuple of str and str
        The folded word, which a text must have, and a regular expression.
    """
    for text in folded(address):
        tokens = _TOKEN.findall(text)
        for place, token in enumerate(tokens):
            if token.isdigit() and len(token) <= _MOST_DIGITS:
                yield from _beside(token, tokens[:place][::-1], is_before=True)
                yield from _beside(token, tokens[place + 1 :], is_before=False)


def _beside(number: str, tokens: list[str], *, is_before: bool) -> Iterator[tuple[str, str]]:
    """Yield the nearest word of `tokens`, and the next one with it: Berliner Straße 5."""
    words = tokens[:2]
    if not words or words[0].isdigit() or len(words[0]) == 1:
        return
    bounded = rf"(?<!\d)(?<!\d[.,]){number}(?!\d|[.,]\d)"
    pattern = bounded
    for word in words:
        if word.isdigit():
            return
        one = _any_street(word)
        pattern = f"{one}{_SIGNS}{pattern}" if is_before else f"{pattern}{_SIGNS}{one}"
        yield from ((spelling, pattern) for spelling in _spellings(word))


def _any_street(word: str) -> str:
    match = _STREET.fullmatch(word)
    return rf"\b{match[1]}str(?:asse)?\b" if match else rf"\b{word}\b"


def _spellings(word: str) -> tuple[str, ...]:
    match = _STREET.fullmatch(word)
    return (match[1] + "str", match[1] + "strasse") if match else (word,)


def telephone_digits(number: str) -> str:
    """Return the digits by which a telephone number is known in any grouping, or nothing."""
    digits = _NO_DIGITS.sub("", number).lstrip("0")
    return digits[-_TELLING_DIGITS:] if len(digits) >= FEWEST_TELEPHONE_DIGITS else ""


def without_grouping(text: str) -> str:
    """Return a text without what stands between the digits of telephone numbers."""
    return text.translate(_REMOVED)


def telephone_pattern(digits: str) -> str:
    """Return the regular expression of a number of `telephone_digits`, however it is grouped."""
    before = "" if len(digits) == _TELLING_DIGITS else r"(?<!\d)0*"
    return before + rf"[{re.escape(_BETWEEN_DIGITS)}]{{0,3}}".join(digits) + r"(?!\d)"
