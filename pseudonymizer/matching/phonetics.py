"""Cologne phonetics: German names that sound alike have equal codes.

H. J. Postel, Die Kölner Phonetik, IBM-Nachrichten 19 (1969) 925-931. Names of other languages
fall into its classes as well as into any; they only have to do so the same way each time.
"""

from functools import lru_cache

_ALWAYS = {
    **dict.fromkeys("aeijouy", "0"),
    **{"b": "1", "l": "5", "m": "6", "n": "6", "r": "7"},
    **dict.fromkeys("fvw", "3"),
    **dict.fromkeys("gkq", "4"),
    **dict.fromkeys("sz", "8"),
}
_HARD_FIRST = "ahkloqrux"  # after an initial C
_HARD_LATER = "ahkoqux"
_CACHED = 1 << 12


@lru_cache(_CACHED)
def cologne(word: str) -> str:
    """Return the code of a folded word; the word itself where it has no letters of a to z.

    Parameters
    ----------
    word : str
        Small letters without diacritics; ä, ö, ü and ß are written ae, oe, ue and ss.

    Returns
    -------
    str
        Digits without repeats, and without 0 after the first place.
    """
    known = [letter for letter in word if "a" <= letter <= "z"]
    if not known:
        return word
    code = ""
    for place, letter in enumerate(known):
        before = known[place - 1] if place else ""
        after = known[place + 1] if place + 1 < len(known) else ""
        digits = _ALWAYS.get(letter) or _in_context(letter, before, after)
        for digit in digits:
            if not code or code[-1] != digit:
                code += digit
    return code[:1] + code[1:].replace("0", "") or word


def _in_context(letter: str, before: str, after: str) -> str:
    if letter == "p":
        return "3" if after == "h" else "1"
    if letter in "dt":
        return "8" if after and after in "csz" else "2"
    if letter == "x":
        return "8" if before and before in "ckq" else "48"
    if letter == "c":
        return _of_c(before, after)
    return ""  # h


def _of_c(before: str, after: str) -> str:
    if not before:
        return "4" if after and after in _HARD_FIRST else "8"
    if before in "sz":
        return "8"
    return "4" if after and after in _HARD_LATER else "8"
