"""How postal addresses and telephone numbers are written in other texts."""

import re
from collections.abc import Iterator

from pseudonymizer.engine.spellings import folded

FEWEST_TELEPHONE_DIGITS = 7
_TELLING_DIGITS = 9  # at its end: before them stand codes of town and country in several forms
_LONGEST_ADDRESS = 256  # PS3.5 6.2 allows 64 characters
_MOST_DIGITS = 6  # of a house number or postal code
_TOKEN = re.compile(r"[^\W\d_]+|\d+")
_SIGNS = r"[\W_]{0,3}"
_WORD = r"(?<![^\W\d_])%s(?![^\W\d_])"
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
        tokens = _TOKEN.findall(text[:_LONGEST_ADDRESS])
        for place, token in enumerate(tokens):
            if token.isdigit() and len(token) <= _MOST_DIGITS:
                before, behind = tokens[max(0, place - 2) : place], tokens[place + 1 : place + 3]
                yield from _beside(token, before[::-1], is_before=True)
                yield from _beside(token, behind, is_before=False)


def _beside(number: str, words: list[str], *, is_before: bool) -> Iterator[tuple[str, str]]:
    """Yield the nearest of two words, and the next one with it: Berliner Straße 5."""
    if not words or len(words[0]) == 1:  # the letter of a house number
        return
    pattern = rf"(?<!\d)(?<!\d[.,]){number}(?!\d|[.,]\d)"
    for word in words:
        if word.isdigit():
            return
        one = _any_street(word)
        pattern = f"{one}{_SIGNS}{pattern}" if is_before else f"{pattern}{_SIGNS}{one}"
        yield from ((spelling, pattern) for spelling in _spellings(word))


def _any_street(word: str) -> str:
    match = _STREET.fullmatch(word)
    return _WORD % (rf"{match[1]}str(?:asse)?" if match else word)


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
