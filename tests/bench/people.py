"""People who do not exist: families, their clinics' numbers, and who is mistaken for whom."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from itertools import accumulate, islice
from pathlib import Path

from pacs_portal.jobs.steps import GivenIdentity

NAMES = Path(__file__).with_name("names.txt")
PEOPLES = {"german": 62, "turkish": 14, "polish": 9, "vietnamese": 4, "arabic": 6, "italian": 5}
FIRST_DAY, DAYS = date(1925, 1, 1), 36_000
CLINICS = ("UKX", "KLINIKUM-OST", "")  # a third of the scanners names none
SYLLABLES = ("Brem", "Dorn", "Eich", "Falk", "Grün", "Hoch", "Kalt", "Lind", "Rau", "Stroh")
ENDINGS = ("ach", "bichler", "eder", "hagen", "kötter", "lechner", "moser", "rieder", "stetter")


@dataclass(frozen=True)
class Someone:
    """A person as the desk of a clinic knows her."""

    people: str
    family: str
    given: str
    birth_date: date
    is_male: bool
    number: int
    clinic: str

    @property
    def identity(self) -> GivenIdentity:
        """What the images say of her."""
        return GivenIdentity(
            patient_id=f"{self.number:08d}",
            issuer=self.clinic,
            name=f"{self.family}^{self.given}",
            birth_date=f"{self.birth_date:%Y%m%d}",
            sex="M" if self.is_male else "F",
        )


@cache
def names(kind: str) -> Sequence[str]:
    """Return a line of the list."""
    lines = NAMES.read_text(encoding="utf-8").splitlines()
    lists = dict(line.split(": ", 1) for line in lines if not line.startswith("#"))
    return [name.replace("_", " ") for name in lists[kind].split()]


@cache
def _frequencies(count: int) -> Sequence[float]:
    """Return running sums of Zipf's law with a flat top."""
    return list(accumulate(1 / (place + 3) for place in range(count)))


class Population:
    """Makes people, always the same ones for one seed."""

    def __init__(self, seed: int, first_number: int = 100_000) -> None:
        self.random = random.Random(seed)  # noqa: S311 (nothing here is secret)
        self._number = first_number

    def registry(self, count: int) -> list[Someone]:
        """Return `count` different people: families, twins, namesakes, numbers given out twice."""
        return list(islice(self.everyone(), count))

    def everyone(self) -> Iterator[Someone]:
        """Yield people without end."""
        while True:
            yield from self._household()

    def strangers(self, registry: Sequence[Someone], count: int) -> list[GivenIdentity]:
        """Return `count` people who are not in the registry, most of them like one who is."""
        kinds = (
            *(self.twin, self.namesake, self.junior, self.neighbor, self.reused, self.newborn),
            lambda _: self.someone(),
        )
        known = {person.identity for person in registry}
        made: list[GivenIdentity] = []
        while len(made) < count:
            like = self.random.choice(registry)
            stranger = kinds[len(made) % len(kinds)](like)
            identity = stranger.identity if isinstance(stranger, Someone) else stranger
            if identity not in known:  # else it is the other twin
                made.append(identity)
        return made

    def someone(self) -> Someone:
        """Return somebody of her own."""
        people = self.random.choices(list(PEOPLES), list(PEOPLES.values()))[0]
        is_male = self.random.random() < 0.5
        return Someone(
            people=people,
            family=self._family(people),
            given=self._given(people, is_male),
            birth_date=FIRST_DAY + timedelta(days=self.random.randrange(DAYS)),
            is_male=is_male,
            number=self._next_number(),
            clinic=self.random.choice(CLINICS),
        )

    def twin(self, of: Someone) -> Someone:
        """Return a twin: same day, same family name, often a like name, the next number."""
        is_male = of.is_male if self.random.random() < 0.7 else not of.is_male
        pairs = [p.split("/") for p in names(f"twins {'male' if is_male else 'female'}")]
        like = [b if of.given == a else a for a, b in pairs if of.given in {a, b}]
        given = like[0] if like else self._given(of.people, is_male, but=of.given)
        return replace(of, given=given, is_male=is_male, number=of.number + 1)

    def namesake(self, of: Someone) -> Someone:
        """Return somebody of the same name, born on another day."""
        born = FIRST_DAY + timedelta(days=self.random.randrange(DAYS))
        return replace(of, birth_date=born, number=self._next_number())

    def junior(self, of: Someone) -> Someone:
        """Return the son or father of the same name, born 18 to 45 years apart."""
        years = self.random.randint(18, 45) * (1 if of.birth_date.year < 1975 else -1)
        # On a birthday in the family, as it happens
        day = min(of.birth_date.day, 28) if self.random.random() < 0.1 else 1 + years % 28
        born = date(of.birth_date.year + years, of.birth_date.month, abs(day))
        return replace(of, birth_date=born, number=self._next_number())

    def neighbor(self, of: Someone) -> Someone:
        """Return somebody else with a number one digit away."""
        return replace(self.someone(), number=of.number + 1, clinic=of.clinic)

    def reused(self, of: Someone) -> Someone:
        """Return somebody else who was given the same number."""
        return replace(self.someone(), number=of.number, clinic=of.clinic)

    def newborn(self, of: Someone) -> GivenIdentity:
        """Return a newborn without a name under its mother's number."""
        mother = replace(of, is_male=False)
        name = self.random.choice((f"Baby of {of.family}^{of.given}", f"{of.family}^Baby Boy"))
        born = max(of.birth_date + timedelta(days=9_000), date(2015, 1, 1))
        return replace(mother.identity, name=name, birth_date=f"{born:%Y%m%d}", sex="M")

    def _household(self) -> list[Someone]:
        head = self.someone()
        chance = self.random.random()
        if chance < 0.03:
            return self._twins(head)
        if chance < 0.05:
            return [head, self.junior(head)]
        if chance < 0.06:
            return [head, self.namesake(head)]
        if chance < 0.065:
            return [head, self.reused(head)]
        return [head]

    def _twins(self, head: Someone) -> list[Someone]:
        if self.random.random() < 0.5:
            pair = self.random.choice(names(f"twins {'male' if head.is_male else 'female'}"))
            head = replace(head, given=pair.split("/")[0])
        self._number += 1
        return [head, self.twin(head)]

    def _next_number(self) -> int:
        self._number += self.random.randint(1, 4)
        return self._number

    def _family(self, people: str) -> str:
        listed = names(f"{people} family")
        family = self.random.choices(listed, cum_weights=_frequencies(len(listed)))[0]
        if people != "german":
            return family
        chance = self.random.random()
        if chance < 0.35:
            return self.random.choice(SYLLABLES) + self.random.choice(ENDINGS)
        if chance < 0.40:
            return f"{family}-{self.random.choice(listed)}"
        if chance < 0.42:
            return f"{self.random.choice(names('german prefix'))} {family}"
        return family

    def _given(self, people: str, is_male: bool, but: str = "") -> str:
        listed = names(f"{people} {'male' if is_male else 'female'}")
        first = but
        while first == but:
            first = self.random.choices(listed, cum_weights=_frequencies(len(listed)))[0]
        chance = self.random.random()
        if chance < 0.10:
            return f"{first} {self.random.choice(listed)}"
        if chance < 0.14:
            return f"{first}-{self.random.choice(listed)}"
        return first
