"""What the page of held files shows: files that may be decided about together, and how."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from pacs_portal.jobs.causes import OTHER_CONTENT, allowed_decisions
from pacs_portal.jobs.models import Decision, Destination, HeldFile
from pacs_portal.projects.keys import ProjectKeys
from pacs_portal.uploads.services import shown_path


@dataclass(frozen=True)
class Offer:
    """A decision in plain words, what follows from it, and what is asked before."""

    decision: Decision
    label: str | Promise
    effect: str | Promise
    question: str | Promise
    is_dangerous: bool = False


ACCEPT = Offer(
    Decision.ACCEPT,
    _("Accept"),
    _("The file goes on as if it had not been held; what it shows stays as it is."),
    _("Accept these files? Their pixels and documents go on as they are."),
)
ACCEPT_COMMAND = Offer(
    Decision.ACCEPT,
    _("Accept"),
    _("A command held the file where it lies: the next run of the command writes it."),
    _("Accept these files for the next run of the command?"),
)
REDACT = Offer(
    Decision.REDACT,
    _("Black out"),
    _("What stands in the found boxes is blacked out on every frame; the rest goes on."),
    _("Black out the found boxes on every frame?"),
)
REPLACE = Offer(
    Decision.REPLACE,
    _("Replace what is stored"),
    _("The held image takes the place of the stored one, which is deleted."),
    _("Replace the stored images? They are deleted from the archive."),
    is_dangerous=True,
)
KEEP = Offer(
    Decision.REJECT,
    _("Keep what is stored"),
    _("The held file is removed; the stored image stays as it is."),
    _("Keep the stored images? The held files are removed."),
)
REJECT = Offer(
    Decision.REJECT,
    _("Reject"),
    _("Nothing of the file is stored, and what was put aside is removed."),
    _("Reject these files? What was put aside is removed."),
    is_dangerous=True,
)
# Decided on a page of its own, where what was found is seen.
ONE_BY_ONE = frozenset({Decision.FALSE_ALARM})


@dataclass(frozen=True, repr=False)
class HeldRow:
    """One file; its name may say who the patient is."""

    held: HeldFile
    name: str


@dataclass(frozen=True, repr=False)
class HeldGroup:
    """Files of one cause that allow the same decisions."""

    reason: str
    offers: tuple[Offer, ...]
    rows: tuple[HeldRow, ...]


def held_groups(holds: Sequence[HeldFile], keys: ProjectKeys) -> list[HeldGroup]:
    """Return `holds` in groups, in the order of the first of each."""
    rows: dict[tuple[str, tuple[Offer, ...]], list[HeldRow]] = defaultdict(list)
    for held in holds:
        rows[_kind(held)].append(HeldRow(held, shown_path(held.receipt.upload_file, keys)))
    return [HeldGroup(*kind, tuple(same)) for kind, same in rows.items()]


def _kind(held: HeldFile) -> tuple[str, tuple[Offer, ...]]:
    decisions = [one for one in allowed_decisions(held) if one not in ONE_BY_ONE]
    offers = tuple(_offer(decision, held) for decision in decisions)
    return held.receipt.reason, offers


def _offer(decision: Decision, held: HeldFile) -> Offer:
    if decision == Decision.ACCEPT:
        is_in_place = held.receipt.job.destination == Destination.FOLDER
        return ACCEPT_COMMAND if is_in_place else ACCEPT
    if decision == Decision.REDACT:
        return REDACT
    if decision == Decision.REPLACE:
        return REPLACE
    return KEEP if held.cause == OTHER_CONTENT else REJECT
