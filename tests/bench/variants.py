"""How one and the same person is written differently, and how often each way happens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from pacs_portal.jobs.steps import GivenIdentity
from tests.bench.people import Someone, names

LETTERS = "abcdefghijklmnopqrstuvwxyz"
UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"}
DROPPED = {"ä": "a", "ö": "o", "ü": "u", "ß": "s", "Ä": "A", "Ö": "O", "Ü": "U"}
Change = Callable[[GivenIdentity, Random], GivenIdentity]


@dataclass(frozen=True)
class Variant:
    """A person written differently, and in which way."""

    kind: str
    person: Someone
    identity: GivenIdentity


def variants_of(registry: Sequence[Someone], count: int, random: Random) -> list[Variant]:
    """Return `count` people of the registry in another spelling; who has no umlaut keeps them."""
    shares = [share for _, share in CHANGES.values()]
    made = []
    for kind in random.choices(list(CHANGES), shares, k=count):
        change, _ = CHANGES[kind]
        while True:
            person = random.choice(registry)
            identity = change(person.identity, random)
            if identity != person.identity:
                break
        made.append(Variant(kind, person, identity))
    return made


def typo(word: str, random: Random) -> str:
    """Return the word with a letter more, less, other, or two changed over; the first stays."""
    if len(word) < 3:
        return word
    place = random.randrange(1, len(word))
    other = random.choice(LETTERS)
    return random.choice(
        (
            word[:place] + other + word[place:],
            word[:place] + word[place + 1 :],
            word[:place] + other + word[place + 1 :],
            word[:place] + word[place + 1 : place + 2] + word[place] + word[place + 2 :],
        )
    )


def family_typo(identity: GivenIdentity, random: Random) -> GivenIdentity:
    family, given = identity.name.split("^", 1)
    return replace(identity, name=f"{typo(family, random)}^{given}")


def given_typo(identity: GivenIdentity, random: Random) -> GivenIdentity:
    family, given = identity.name.split("^", 1)
    return replace(identity, name=f"{family}^{typo(given, random)}")


def umlauts(identity: GivenIdentity, random: Random) -> GivenIdentity:
    """Write ä as ae, or as a."""
    table = random.choice((UMLAUTS, DROPPED))
    return replace(identity, name=identity.name.translate(str.maketrans(table)))


def spoken(identity: GivenIdentity, random: Random) -> GivenIdentity:
    """Write a name as it is heard."""
    name = identity.name
    for pair in random.sample(names("spoken"), len(names("spoken"))):
        listed, heard = pair.split("/")
        if listed in name:
            return replace(identity, name=name.replace(listed, heard))
    return identity


def capitals(identity: GivenIdentity, random: Random) -> GivenIdentity:
    name = identity.name.upper() if random.random() < 0.5 else identity.name.replace("-", " ")
    return replace(identity, name=name)


def turned(identity: GivenIdentity, random: Random) -> GivenIdentity:
    """Change family and given names over."""
    family, given = identity.name.split("^", 1)
    return replace(identity, name=random.choice((f"{given}^{family}", f"{given} {family}")))


def part_missing(identity: GivenIdentity, random: Random) -> GivenIdentity:
    """Leave out the second name, or add one."""
    family, given = identity.name.split("^", 1)
    if "-" in family and random.random() < 0.5:
        return replace(identity, name=f"{family.split('-')[0]}^{given}")
    first = given.replace("-", " ").replace("^", " ").split()[0]
    if first != given:
        return replace(identity, name=f"{family}^{first}")
    second = random.choice(names(f"german {'male' if identity.sex == 'M' else 'female'}"))
    return replace(identity, name=f"{family}^{given}^{second}")


def initial(identity: GivenIdentity, random: Random) -> GivenIdentity:
    family, given = identity.name.split("^", 1)
    return replace(identity, name=f"{family}^{given[0]}{random.choice(('', '.'))}")


def married(identity: GivenIdentity, random: Random) -> GivenIdentity:
    """Take another family name, alone or beside the own one."""
    family, given = identity.name.split("^", 1)
    other = random.choice(names("german family"))
    taken = other if random.random() < 0.6 else f"{family}-{other}"
    return replace(identity, name=f"{taken}^{given}")


def date_slip(identity: GivenIdentity, random: Random) -> GivenIdentity:
    """Change day and month over, or mistype a digit."""
    date = identity.birth_date
    if random.random() < 0.4 and date[6:] <= "12":
        return replace(identity, birth_date=date[:4] + date[6:] + date[4:6])
    place = random.choice((2, 3, 7))
    digit = random.choice("0123456789" if place != 7 else "123456789")
    return replace(identity, birth_date=date[:place] + digit + date[place + 1 :])


def padding(identity: GivenIdentity, random: Random) -> GivenIdentity:
    """Write the number without its zeros, or with separators."""
    number = identity.patient_id
    bare = number.lstrip("0")
    return replace(
        identity, patient_id=random.choice((bare, f"00{number}", f"{number[:4]}-{number[4:]}"))
    )


def id_slip(identity: GivenIdentity, random: Random) -> GivenIdentity:
    number, place = identity.patient_id, random.randrange(3, 8)
    digit = random.choice("0123456789")
    return replace(identity, patient_id=number[:place] + digit + number[place + 1 :])


def no_id(identity: GivenIdentity, random: Random) -> GivenIdentity:
    return replace(identity, patient_id=random.choice(("", "0000", "UNKNOWN")), issuer="")


def no_birth_date(identity: GivenIdentity, random: Random) -> GivenIdentity:
    return replace(identity, birth_date=random.choice(("", "19000101")))


def two_slips(identity: GivenIdentity, random: Random) -> GivenIdentity:
    """Make two of the usual slips."""
    usual = (family_typo, given_typo, umlauts, part_missing, padding)
    one, other = random.sample(usual, 2)
    return other(one(identity, random), random)


def no_id_and_a_slip(identity: GivenIdentity, random: Random) -> GivenIdentity:
    slip = random.choice((family_typo, given_typo, date_slip, umlauts, turned))
    return slip(no_id(identity, random), random)


# In percent: most of what goes wrong is spelling.
CHANGES: dict[str, tuple[Change, float]] = {
    "typing slip in the family name": (family_typo, 19.5),
    "typing slip in the given name": (given_typo, 8),
    "umlauts written otherwise": (umlauts, 14),
    "written as it is heard": (spoken, 9),
    "capitals, hyphens": (capitals, 6),
    "family and given name changed over": (turned, 8),
    "second name left out or added": (part_missing, 11),
    "given name as an initial": (initial, 1.5),
    "family name changed (marriage)": (married, 2),
    "slip in the birth date": (date_slip, 1.5),
    "ID with other zeros or separators": (padding, 10),
    "typing slip in the ID": (id_slip, 1.5),
    "no ID": (no_id, 2),
    "no birth date": (no_birth_date, 1),
    "two slips": (two_slips, 4),
    "no ID and another slip": (no_id_and_a_slip, 1),
}
