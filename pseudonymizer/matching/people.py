"""A person as the matching sees her: every field in the form it is compared in."""

from typing import NamedTuple

from pseudonymizer.matching import dates
from pseudonymizer.matching.exact import Identity, folded, letters, plain_text
from pseudonymizer.matching.ids import without_zeros
from pseudonymizer.matching.names import Name, parse_name
from pseudonymizer.matching.nobody import is_newborn, is_phantom, is_shared

# PS3.5 6.2: 64 characters for an ID, and for each group of a name. What a file has beyond that is
# no part of the comparison, whose time grows with the length.
LONGEST_ID, LONGEST_NAME = 64, 3 * 64 + 2


class Person(NamedTuple):
    """What is known of a person; an empty field is not known or names nobody."""

    patient_id: str
    exact_id: str  # in its exact spelling, but for case
    issuer: str
    names: tuple[Name, ...]
    birth_date: str
    sex: str  # "m", "f" or nothing
    is_newborn: bool = False  # has no name of her own yet, and perhaps the mother's ID

    def __repr__(self) -> str:
        return "Person(…)"  # nothing that identifies her


def person_of(identity: Identity) -> Person | None:
    """Return whom `identity` means, or None for a phantom and for whoever is nobody."""
    return read_person(
        identity.name, identity.patient_id, identity.issuer, identity.birth_date, identity.sex
    )


def read_person(
    name: str = "", patient_id: str = "", issuer: str = "", birth_date: str = "", sex: str = ""
) -> Person | None:
    """Do what `person_of` does for the fields of an identity."""
    name = name[:LONGEST_NAME]
    written = folded(name)
    if is_phantom(written):
        return None
    is_unnamed = is_newborn(written)
    exact_id = plain_text(patient_id[:LONGEST_ID])
    bare_id = letters(exact_id)
    has_id = not is_shared(bare_id)
    sex = sex.strip(" \0").lower()
    return Person(  # by place: by name takes twice the time
        without_zeros(bare_id) if has_id else "",
        exact_id if has_id else "",
        plain_text(issuer),
        () if is_unnamed else parse_name(name),
        dates.birth_date(birth_date),
        sex if sex in {"m", "f"} else "",
        is_unnamed,
    )
