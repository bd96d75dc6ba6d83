"""The readings of raw values, and the spellings in which one name or date may be written."""

import binascii
import re
import unicodedata
from base64 import b64decode
from collections.abc import Iterator, Sequence
from functools import cache
from html import unescape
from pathlib import Path
from string import ascii_letters, digits

from pydicom.charset import python_encoding

from pseudonymizer.engine import vocabulary
from pseudonymizer.engine.elements import Element
from pseudonymizer.engine.identity import decode

FEWEST_LETTERS = 4
ESCAPE = b"\x1b"

_WORD = re.compile(r"[^\W\d_]+")
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
_OTHER = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "æ": "ae"})
_DIACRITICS = re.compile("[\u0300-\u036f]+")
_BETWEEN = re.compile(rb"(?:\0[ -~\xc0-\xff]){4,}|(?:[ -~\xc0-\xff]\0){4,}|[ -~\xc0-\xff]{4,}")
LONGEST_BETWEEN = 1 << 18  # of binary values that are read: what is longer was measured
_LONG = 1 << 16  # longer values are no texts that somebody typed
_TWO_LETTERS = re.compile("([aou])e")
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
_ESCAPE_SIGNS = ("%", "&", "=", "\\u")
_ESCAPED_BYTES = re.compile("(?:[%=][0-9a-fA-F]{2})+")
_ESCAPED_LETTER = re.compile(r"\\u([0-9a-fA-F]{4})")
_ESCAPED = re.compile(r"[%=][0-9a-fA-F]{2}|&#?\w{2,8};|\\u[0-9a-fA-F]{4}")
_AROUND_ESCAPED = 64  # letters, since a name is no longer
_EAST_ASIAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_LONGEST_TYPED = 1 << 10
_UNDECLARED = (
    *("shift_jis", "euc_jp", "euc_kr", "gb18030", "koi8-r", "cp1251", "cp1253"),
    *("iso8859-2", "iso8859-5", "iso8859-7", "iso8859-9"),
)
_JAPANESE = "iso2022_jp_2"  # escape sequences where Specific Character Set names none

FEWEST_LETTERS_INFLECTED = 5
# Polish and Czech; shorter endings make other names of some: Martina, Romana.
_ENDINGS = ("owi", "ovi", "iem", "ova", "owa", "ovou")
_WITH_SHORT_ENDINGS = ("ak", "ek", "ik", "yk", "uk", "ov", "ev", "ic", "icz")
_ADJECTIVES = ("ski", "cki", "zki", "ska", "cka", "zka", "sky", "cky")
_ADJECTIVE_ENDINGS = ("a", "i", "y", "iego", "iemu", "im", "iej", "ich", "eho", "emu", "ou")
_PARTS_OF_AGES = ("year", "yr", "y/o", "yo", "y.o", "jahr", "jaehr")
_OLD_AGE = re.compile(
    r"(?<![\d.,])(?:9\d|1[0-2]\d)[ -]?"
    r"(?:y(?:ea)?rs?[ -]?old|years? of age|y/o|yo\b|y\.o\.|jae?hrig|jahre? alt)"
)
_CODE_LETTERS = f"{ascii_letters}{digits}+/".encode()
_FEWEST_ENCODED = 10  # of seven letters
_BASE_64 = bytes(n if n in _CODE_LETTERS else 32 for n in range(256))


def readings(value: bytes, terms: Sequence[str]) -> set[str]:
    """Return what a value may read: by its character set, and by others that writers use unsaid.

    Parameters
    ----------
    value : bytes
        A raw value, its padding included.
    terms : sequence of str
        The defined terms of Specific Character Set.

    Returns
    -------
    set of str

    References
    ----------
    DICOM PS3.5 6.1, Support of Character Repertoires.
    """
    if value.isascii() and ESCAPE not in value and b"\0" not in value:
        return {value.decode("ascii")}
    if len(value) > _LONG:
        return {
            _quickly_folded(value),
            _quickly_folded(value.replace(b"\0", b"")),
            text_between(value[:LONGEST_BETWEEN]),
        }
    found = {value.decode("latin-1"), value.replace(b"\0", b"").decode("latin-1")}
    found.add(text_between(value))
    found.add(decode(Element(0, "LO", value), list(terms) or [""]))
    encodings = {"utf-8", *(python_encoding.get(term.strip(), "utf-8") for term in terms)}
    if ESCAPE in value:
        encodings.add(_JAPANESE)
    for encoding in encodings:
        try:
            found.add(value.decode(encoding, errors="ignore"))
        except LookupError:
            continue
    return found


def possible_readings(value: bytes, terms: Sequence[str]) -> set[str]:
    """Return `readings`, and of typed text the words in encodings that its file does not name.

    Words of ASCII letters alone are the same in all of these; what looks new are parts of others.
    """
    found = readings(value, terms)
    if value.isascii() or len(value) > _LONGEST_TYPED or b"\0" in value[:-1]:
        return found
    try:
        value.decode()
    except UnicodeDecodeError:
        for encoding in _UNDECLARED:
            read = unicodedata.normalize("NFKC", value.decode(encoding, errors="ignore"))
            found.add(" ".join(word for word in words(read) if not word.isascii()))
    return found


def text_between(value: bytes) -> str:
    """Return what can be read between the bytes of a binary value, also in two bytes a letter."""
    found = [match.replace(b"\0", b"") for match in _BETWEEN.findall(value)]
    return b"\n".join(found).decode("latin-1")


def folded(text: str) -> set[str]:
    """Return `text` in small letters without diacritics, umlauts written in both ways.

    Where letters may be escaped as in addresses, mails, HTML or JSON, also what is meant there.
    """
    found = _folded(text)
    if any(sign in text for sign in _ESCAPE_SIGNS):
        found |= {each for meant in _unescaped(text) for each in _folded(meant)}
    return found


def _unescaped(text: str) -> Iterator[str]:
    """Yield the stretches of a text in which letters may be escaped, as they are meant."""
    start = stop = 0
    for match in _ESCAPED.finditer(text):
        if match.start() - _AROUND_ESCAPED > stop:
            yield _meant(text[start:stop])
            start = match.start() - _AROUND_ESCAPED
        stop = match.end() + _AROUND_ESCAPED
    yield _meant(text[start:stop])


def _meant(escaped: str) -> str:
    plain = _ESCAPED_LETTER.sub(lambda match: chr(int(match[1], 16)), unescape(escaped))
    return _ESCAPED_BYTES.sub(_bytes_meant, plain)


def _bytes_meant(match: re.Match[str]) -> str:
    value = bytes.fromhex(match[0].replace("%", "").replace("=", ""))
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _folded(text: str) -> set[str]:
    if text.isascii():
        return {text.lower()}
    composed = unicodedata.normalize("NFKC", _UNSEEN.sub("", text)).casefold()
    return {_bare(composed), _bare(composed.translate(_GERMAN))}


def _bare(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.translate(_OTHER))
    return unicodedata.normalize("NFC", _DIACRITICS.sub("", letters))


def _quickly_folded(value: bytes) -> str:
    """Return megabytes of text in plain small letters, Latin-1 and UTF-8 at once."""
    for letter, plain in _UTF_8_LETTERS.items():
        value = value.replace(letter, plain)
    return value.translate(_LATIN_1_LETTERS).decode("ascii")


def _plain_letter(letter: str) -> bytes:
    """Return one ASCII letter for a letter of Latin-1, a space for what is none."""
    return _bare(letter.casefold())[:1].encode("ascii", errors="replace").replace(b"?", b" ")


_LATIN_1_LETTERS = bytes(range(128)) + b"".join(map(_plain_letter, map(chr, range(128, 256))))
_UTF_8_LETTERS = {letter.encode(): _plain_letter(letter) for letter in map(chr, range(192, 256))}


def words(text: str) -> list[str]:
    """Return the words of folded text; digits and signs part them."""
    return _WORD.findall(text)


def short_umlauts(word: str) -> str:
    """Return a word with "ae", "oe" and "ue" as folded umlauts: mueller, muller."""
    return _TWO_LETTERS.sub(r"\1", word)


def is_east_asian(word: str) -> bool:
    """Tell whether a word is of a script that writes names without spaces around them."""
    return bool(_EAST_ASIAN.search(word))


def inflected(word: str) -> Iterator[str]:
    """Yield a folded name as it stands in sentences: muellers, nowakowi, kowalskiego."""
    if word[-1] not in "sxz":
        yield word + "s"
    if len(word) >= FEWEST_LETTERS_INFLECTED:
        yield from (word + ending for ending in _ENDINGS)
        if word.endswith(_WITH_SHORT_ENDINGS):
            yield from (word + "a", word + "u")
        if word.endswith(_ADJECTIVES):
            yield from (word[:-1] + ending for ending in _ADJECTIVE_ENDINGS)


def old_ages(text: str) -> Iterator[str]:
    """Yield where a folded text says that somebody is 90 years old or older."""
    if any(part in text for part in _PARTS_OF_AGES):
        yield from (match[0] for match in _OLD_AGE.finditer(text))


def decoded(text: str) -> Iterator[tuple[str, str]]:
    """Yield what may be base64 in a text (RFC 4648), and the text it stands for."""
    if len(text) < _FEWEST_ENCODED:
        return
    codes = text.encode("latin-1", "replace").translate(_BASE_64).split()
    for code in [one for one in codes if len(one) >= _FEWEST_ENCODED]:
        if code.isdigit() or code.isupper() or code[1:].islower():
            continue  # a number or a word
        hidden = _decoded(code)
        if " ".join(hidden.split()).isprintable():
            yield code.decode("ascii"), hidden


def _decoded(code: bytes) -> str:
    try:
        value = b64decode(code + b"=" * (-len(code) % 4))
    except binascii.Error:  # one letter too many
        value = b64decode(code[:-1])
    value = value.replace(b"\0", b"")  # of letters in two bytes
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


@cache
def common_words() -> frozenset[str]:
    """Return the words that stand in headers of anybody, those of cleaned descriptions too."""
    path = Path(__file__).parent / "tables" / "common-words.txt"
    return vocabulary.words().union(path.read_text(encoding="ascii").split())
