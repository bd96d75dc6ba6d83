"""What a step found in a file that it held back: sealed, and shown to data stewards alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pydicom.datadict import dictionary_description

from pacs_portal.accounts.models import User
from pacs_portal.jobs.held.permits import check_look
from pacs_portal.jobs.models import HeldFile
from pacs_portal.jobs.steps import FoundText
from pacs_portal.projects.keys import Label, ProjectKeys, SealingKeys, project_keys
from pacs_portal.projects.services import record_in


@dataclass(frozen=True, repr=False)
class FoundValue:
    """One text with all places it was found at; `line` is that of the first."""

    line: int
    text: str
    places: tuple[tuple[str, str], ...]  # where, and the value there


def places_of(findings: Sequence[FoundText]) -> str:
    """Return where something was found, a line each."""
    return "\n".join(found.place for found in findings)


def seal_findings(keys: SealingKeys, held_id: UUID, findings: Sequence[FoundText]) -> bytes | None:
    """Return the texts and their values sealed for their row, or None for nothing."""
    if not findings:
        return None
    lines = "\n".join(f"{one_line(one.text)}\t{one_line(one.value)}" for one in findings)
    return keys.seal(Label.FIELDS, lines.encode(), context=_context(held_id))


def one_line(text: str) -> str:
    """Return `text` as it is kept: line breaks, tabs and runs of spaces as one space."""
    return " ".join(text.split())


def view_findings(held: HeldFile, *, by: User) -> tuple[FoundText, ...]:
    """Return what was found, and record the look.

    Raises
    ------
    LookRefusedError
        If somebody else has to agree first.
    """
    if held.sealed_finding is None:
        return ()
    check_look(held, by)
    project = held.receipt.job.project
    record_in(project, by, "held.finding_viewed", held)
    return findings_of(held, project_keys(project.pk))


def findings_of(held: HeldFile, keys: ProjectKeys) -> tuple[FoundText, ...]:
    """Return what was found; only for those who may see it, and for the next run."""
    if held.sealed_finding is None:
        return ()
    sealed = bytes(held.sealed_finding)
    lines = keys.unseal(Label.FIELDS, sealed, context=_context(held.pk)).decode().split("\n")
    places = held.place.split("\n")
    return tuple(
        FoundText(place, *line.split("\t")) for place, line in zip(places, lines, strict=True)
    )


def renew_finding(held: HeldFile, keys: SealingKeys) -> None:
    """Seal what was found anew; the caller saves it."""
    if held.sealed_finding is not None:
        place = _context(held.pk)
        plain = keys.unseal(Label.FIELDS, bytes(held.sealed_finding), context=place)
        held.sealed_finding = keys.seal(Label.FIELDS, plain, context=place)


def values_of(findings: Sequence[FoundText]) -> list[FoundValue]:
    """Return what was found by text, since a text is decided about wherever it stands."""
    places: dict[str, list[tuple[str, str]]] = {}
    for found in findings:
        places.setdefault(found.text, []).append((_described(found.place), found.value))
    texts = [found.text for found in findings]
    return [FoundValue(texts.index(text), text, tuple(of)) for text, of in places.items()]


def _described(place: str) -> str:
    """Return a place with the name of its last attribute, where the standard has one."""
    last = place.rpartition("(")[2].rstrip(")").replace(",", "")
    try:
        return f"{dictionary_description(int(last, 16))} {place}"
    except (KeyError, ValueError):
        return place


def _context(held_id: UUID) -> str:
    return f"{held_id} finding"
