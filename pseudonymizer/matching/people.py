"""A person as the matching sees her: every field in the form it is compared in."""

from dataclasses import dataclass

from pseudonymizer.matching.dates import birth_date
from pseudonymizer.matching.exact import Identity, folded, letters, plain_text
from pseudonymizer.matching.ids import without_zeros
from pseudonymizer.matching.names import Name, parse_name
from pseudonymizer.matching.nobody import is_newborn, is_phantom, is_shared

# PS3.5 6.2: 64 characters for an ID, and for each group of a name. What a file has beyond that is
# no part of the comparison, whose time grows with the length.
LONGEST_ID, LONGEST_NAME = 64, 3 * 64 + 2


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """What is known of a person; an empty field is not known or names nobody."""

    patient_id: str
    exact_id: str  # in its exact spelling, but for case
    issuer: str
    names: tuple[Name, ...]
    birth_date: str
    sex: str  # "m", "f" or nothing
    is_newborn: bool = False  # has no name of her own yet, and perhaps the mother's ID


def person_of(identity: Identity) -> Person | None:
    """Return whom `identity` means, or None for a phantom and for whoever is nobody."""
    name, patient_id = identity.name[:LONGEST_NAME], identity.patient_id[:LONGEST_ID]
    written = folded(name)
    if is_phantom(written):
        return None
    is_unnamed = is_newborn(written)
    exact_id = plain_text(patient_id)
    bare_id = letters(exact_id)
    has_id = not is_shared(bare_id)
    sex = identity.sex.strip(" \0").lower()
    return Person(
        patient_id=without_zeros(bare_id) if has_id else "",
        exact_id=exact_id if has_id else "",
        issuer=plain_text(identity.issuer),
        names=() if is_unnamed else parse_name(name),
        birth_date=birth_date(identity.birth_date),
        sex=sex if sex in {"m", "f"} else "",
        is_newborn=is_unnamed,
    )
