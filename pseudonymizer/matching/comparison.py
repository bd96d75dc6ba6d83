"""Two persons beside each other: how far each field agrees."""

import re
from functools import lru_cache

from rapidfuzz.distance import OSA, JaroWinkler

from pseudonymizer.matching.agreement import Agreement, NameLevel, SexLevel
from pseudonymizer.matching.dates import compare_dates
from pseudonymizer.matching.ids import LONG, IdLevel, look_alike
from pseudonymizer.matching.names import Name, are_one_name, differ_by_particle, known_given_names
from pseudonymizer.matching.people import Person
from pseudonymizer.matching.phonetics import cologne

SIMILAR = 0.85  # Jaro-Winkler: worth a look; a spelling of one name, where it sounds alike too
EDIT_LENGTH = 4  # of shorter words, another letter makes another word (Tim, Tom)
_DIGIT = re.compile(r"\d")
RARE_LENGTH = 7  # of two names that nobody knows, so long ones may be one


def compare(one: Person, other: Person) -> Agreement:
    """Return how far two persons agree; of several groups of a name the best pair counts."""
    family, given, is_turned = _compare_names(one.names, other.names)
    return Agreement(  # by place: by name takes three times the time
        _compare_ids(one, other),
        compare_dates(one.birth_date, other.birth_date),
        family,
        given,
        _compare_sex(one.sex, other.sex),
        is_turned,
        _are_generations(one.names, other.names),
        one.is_newborn or other.is_newborn,
    )


def _compare_ids(one: Person, other: Person) -> IdLevel:
    if not (one.patient_id and other.patient_id):
        return IdLevel.MISSING
    is_one_issuer = one.issuer == other.issuer and bool(one.issuer)
    are_two_issuers = one.issuer != other.issuer and bool(one.issuer and other.issuer)
    if one.patient_id == other.patient_id:
        if is_one_issuer:
            return IdLevel.QUALIFIED if one.exact_id == other.exact_id else IdLevel.PADDED
        is_long = len(one.patient_id) >= LONG and not are_two_issuers
        return IdLevel.LONG if is_long else IdLevel.SHORT
    if are_two_issuers:
        return IdLevel.MISSING  # two numbers of two clinics say nothing about one person
    if look_alike(one.patient_id) == look_alike(other.patient_id):
        return IdLevel.LOOK_ALIKE
    if _is_one_edit(one.patient_id, other.patient_id):
        return IdLevel.NEAR
    return IdLevel.DIFFERENT if is_one_issuer else IdLevel.UNRELATED


def _compare_sex(one: str, other: str) -> SexLevel:
    if not (one and other):
        return SexLevel.MISSING
    return SexLevel.EQUAL if one == other else SexLevel.DIFFERENT


def _compare_names(
    ones: tuple[Name, ...], others: tuple[Name, ...]
) -> tuple[NameLevel, NameLevel, bool]:
    if not (ones and others):
        return NameLevel.MISSING, NameLevel.MISSING, False
    if len(ones) == len(others) == 1:  # as nearly always
        return _compare_pair(ones[0], others[0])
    pairs = [(one, other) for one in ones for other in others]
    found = [_compare_pair(one, other) for one, other in pairs]
    return min(found, key=_rank)


def _compare_pair(one: Name, other: Name) -> tuple[NameLevel, NameLevel, bool]:
    straight = (
        compare_family(one.family, other.family),
        compare_given(one.given, other.given),
        False,
    )
    if straight[0] == NameLevel.EQUAL or not _may_be_turned(one, other):
        return straight
    if sorted(one.words) == sorted(other.words):
        return NameLevel.EQUAL, NameLevel.EQUAL, True
    turned = (
        compare_family(one.family, other.given),
        compare_given(one.given, other.family),
        True,
    )
    return min(straight, turned, key=_rank)


def _may_be_turned(one: Name, other: Name) -> bool:
    """Tell, by the first letters, whether family and given names may be changed over."""
    if not (one.family and one.given and other.family and other.given):
        return False
    begins = [word[0] for word in other.given]
    return (
        one.family[0][0] in begins
        or one.family[-1][0] in begins
        or (other.family[0][0] in [word[0] for word in one.given])
    )


_ORDER = {level: place for place, level in enumerate(NameLevel)}


def _rank(levels: tuple[NameLevel, NameLevel, bool]) -> tuple[int, int]:
    """Order pairs of levels, the better agreement first: the worse field decides."""
    family, given, is_turned = levels
    worse = max(_ORDER[family], _ORDER[given])
    return worse, _ORDER[family] + _ORDER[given] + is_turned


def compare_family(one: tuple[str, ...], other: tuple[str, ...]) -> NameLevel:
    """Return how far two family names agree."""
    if not (one and other):
        return NameLevel.MISSING
    joined, other_joined = "".join(one), "".join(other)
    if joined == other_joined or (len(one) + len(other) > 2 and set(one) == set(other)):
        return NameLevel.EQUAL
    if _DIGIT.search(joined + other_joined):
        return NameLevel.DIFFERENT  # a code: neighboring ones look alike and are not one
    if _is_typed_alike(joined, other_joined) or _loose(joined) == _loose(other_joined):
        return NameLevel.VARIANT
    if _is_part(one, other):
        return NameLevel.PART
    return _similarity(joined, other_joined)


def compare_given(one: tuple[str, ...], other: tuple[str, ...]) -> NameLevel:
    """Return how far two given names agree; first names that both exist are two names."""
    if not (one and other):
        return NameLevel.MISSING
    joined, other_joined = "".join(one), "".join(other)
    if joined == other_joined or (len(one) + len(other) > 2 and set(one) == set(other)):
        return NameLevel.EQUAL
    if _DIGIT.search(joined + other_joined):
        return NameLevel.DIFFERENT
    if len(one[0]) == 1 or len(other[0]) == 1:
        return NameLevel.INITIAL if one[0][0] == other[0][0] else NameLevel.DIFFERENT
    if len(one) == len(other) == 1:
        is_slip = _is_given_slip(joined, other_joined)
        return NameLevel.VARIANT if is_slip else _similarity(joined, other_joined)
    return _compare_several_given(one, other)


def _compare_several_given(one: tuple[str, ...], other: tuple[str, ...]) -> NameLevel:
    if _is_part(one, other):
        return NameLevel.PART
    if _are_slips(one, other):
        return NameLevel.VARIANT
    if set(one) & set(other):
        return NameLevel.SIMILAR
    return _similarity(one[0], other[0])


def _similarity(one: str, other: str) -> NameLevel:
    is_alike = JaroWinkler.similarity(one, other) >= SIMILAR or cologne(one) == cologne(other)
    return NameLevel.SIMILAR if is_alike else NameLevel.DIFFERENT


def _is_typed_alike(one: str, other: str) -> bool:
    if _is_one_edit(one, other) or differ_by_particle(one, other):
        return True
    return cologne(one) == cologne(other) and JaroWinkler.similarity(one, other) >= SIMILAR


def _is_given_slip(one: str, other: str) -> bool:
    """Tell whether one given name was meant: no two names, and one slip of the keyboard apart."""
    if _loose(one) == _loose(other) or are_one_name(one, other):
        return True
    if one[0] != other[0] or not _is_one_edit(one, other):
        return False
    known = {one, other} & known_given_names()
    return len(known) == 1 or (not known and min(len(one), len(other)) >= RARE_LENGTH)


def _are_slips(ones: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Tell whether the given names are one by one the same or a slip; one may have more."""
    pairs = list(zip(ones, others, strict=False))
    return all(one == other or _is_given_slip(one, other) for one, other in pairs)


def _is_part(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Tell whether all words of the one are among those of the other, initials included."""
    if len(one) == len(other) == 1:
        return False
    return _are_among(one, other) or _are_among(other, one)


def _are_among(few: tuple[str, ...], many: tuple[str, ...]) -> bool:
    initials = {word[0] for word in many}
    are_all = all(word in many or (len(word) == 1 and word in initials) for word in few)
    return are_all and any(len(word) > 1 for word in few)


def _are_generations(ones: tuple[Name, ...], others: tuple[Name, ...]) -> bool:
    mine = {name.generation for name in ones if name.generation}
    if not mine:  # as nearly always
        return False
    theirs = {name.generation for name in others if name.generation}
    return bool(theirs) and mine.isdisjoint(theirs)


def _is_one_edit(one: str, other: str) -> bool:
    """Tell whether one slip of the keyboard lies between two words that are not too short."""
    if max(len(one), len(other)) < EDIT_LENGTH:
        return False
    return OSA.distance(one, other, score_cutoff=1) == 1


_LOOSE = (
    *(("ae", "a"), ("oe", "o"), ("ue", "u"), ("ph", "f"), ("th", "t"), ("dt", "t"), ("ck", "k")),
    *(("tz", "z"), ("sch", "s"), ("sz", "s"), ("ie", "i"), ("y", "i"), ("j", "i"), ("c", "k")),
    *(("w", "v"), ("h", "")),
)


@lru_cache(1 << 12)
def _loose(word: str) -> str:
    """Return a folded word without what spellings of one name differ in."""
    for written, meant in _LOOSE:
        word = word.replace(written, meant)
    return "".join(a for a, b in zip(word, " " + word, strict=False) if a != b)
