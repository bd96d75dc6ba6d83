"""What the page of held files shows: files that may be decided about together, and how."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from pacs_portal.accounts.models import User
from pacs_portal.jobs.held.causes import (
    OTHER_CONTENT,
    DecisionPage,
    allowed_decisions,
    decision_page,
)
from pacs_portal.jobs.held.decisions import neighbours_of, open_like
from pacs_portal.jobs.held.looks import unseen
from pacs_portal.jobs.held.permits import refusals_of
from pacs_portal.jobs.held.pictures import has_picture, is_here
from pacs_portal.jobs.held.rulings import regions_in
from pacs_portal.jobs.keeping import NAME as KEEPING
from pacs_portal.jobs.models import Decision, Destination, HeldFile
from pacs_portal.jobs.receipt_rows import tool_label
from pacs_portal.jobs.steps import Region
from pacs_portal.projects.keys import ProjectKeys
from pacs_portal.tools import Text
from pacs_portal.uploads.services import shown_path


@dataclass(frozen=True)
class Offer:
    """A decision in plain words, what follows from it, and what is asked before."""

    decision: Decision
    label: Text
    effect: Text
    question: Text
    is_dangerous: bool = False


ACCEPT = Offer(
    Decision.ACCEPT,
    _("Accept"),
    _("The file goes on as if it had not been held; what it shows stays as it is."),
    _("Accept? Pixels and documents go on as they are."),
)
ACCEPT_COMMAND = Offer(
    Decision.ACCEPT,
    _("Accept"),
    _("A command held the file where it lies: the next run of the command writes it."),
    _("Accept for the next run of the command?"),
)
REDACT = Offer(
    Decision.REDACT,
    _("Black out"),
    _("What stands in the boxes goes black on every frame; then the file goes on."),
    _("Black out the boxes on every frame?"),
)
REPLACE = Offer(
    Decision.REPLACE,
    _("Replace what is stored"),
    _("The held image takes the place of the stored one, which is deleted."),
    _("Replace what is stored? It is deleted from the archive."),
    is_dangerous=True,
)
KEEP = Offer(
    Decision.REJECT,
    _("Keep what is stored"),
    _("The held file is removed; the stored image stays as it is."),
    _("Keep what is stored? What was held is removed."),
)
REJECT = Offer(
    Decision.REJECT,
    _("Reject"),
    _("Nothing of the file is stored, and what was put aside is removed."),
    _("Reject? What was put aside is removed."),
    is_dangerous=True,
)

_STAGES: dict[str, Text] = {  # beside the tools, which have names of their own
    "plan": _("First look"),
    KEEPING: _("Keep with the project"),
    "store": _("Archive"),
}

_Kind = tuple[str, tuple[Offer, ...], bool, DecisionPage | None]


@dataclass(frozen=True, repr=False)
class HeldRow:
    """One file; its name may say who the patient is."""

    held: HeldFile
    name: str
    has_picture: bool
    is_unseen: bool = False  # nobody has looked at it, and it may be accepted

    @property
    def stage_label(self) -> Text:
        """What held it, in plain words."""
        return _STAGES.get(self.held.stage) or tool_label(self.held.stage)


@dataclass(frozen=True, repr=False)
class HeldGroup:
    """Files of one cause that allow the same decisions."""

    reason: str
    offers: tuple[Offer, ...]
    by_value: bool
    page: DecisionPage | None  # where the cause is decided, if not here
    rows: tuple[HeldRow, ...]
    total: int  # with those on other pages

    @property
    def has_unseen(self) -> bool:
        """Tell whether one may be accepted that nobody has looked at."""
        return any(row.is_unseen for row in self.rows)


@dataclass(frozen=True, repr=False)
class HeldPage:
    """One file, and where it stands among those held for the same cause."""

    row: HeldRow
    offers: tuple[Offer, ...]
    boxes: tuple[Region, ...]  # found in some frame; what is blacked out is so in all
    may_accept: bool
    may_redact: bool  # boxes may be blacked out
    by_value: bool  # what was found in the header is decided value by value
    first_frame: int  # the first that something was found on
    has_file: bool
    page: DecisionPage | None
    number: int
    count: int
    previous_id: UUID | None
    next_id: UUID | None


def held_page(held: HeldFile, keys: ProjectKeys) -> HeldPage:
    """Return what the page of one held file shows beside its pictures and findings."""
    before, after = neighbours_of(held)
    number = before.count() + 1
    allowed = allowed_decisions(held)
    boxes = dict.fromkeys(replace(region, frame=None) for region in regions_in(held.regions))
    return HeldPage(
        row=HeldRow(held, shown_path(held.receipt.upload_file, keys), has_picture(held)),
        offers=_offers(held, has_boxes=True),
        boxes=tuple(boxes),
        may_accept=Decision.ACCEPT in allowed,
        may_redact=Decision.REDACT in allowed and held.sealed_finding is None,
        by_value=_is_by_value(held),
        first_frame=min((box.frame or 0 for box in regions_in(held.regions)), default=0),
        has_file=is_here(held),
        page=decision_page(held.cause),
        number=number,
        count=number + after.count(),
        previous_id=before.values_list("pk", flat=True).last(),
        next_id=after.values_list("pk", flat=True).first(),
    )


def held_groups(holds: Sequence[HeldFile], keys: ProjectKeys, by: User) -> list[HeldGroup]:
    """Return `holds` in groups, in the order of the first of each.

    What `by` may not look into alone has neither a name nor a picture.
    """
    rows: dict[_Kind, list[HeldRow]] = defaultdict(list)
    refusals = refusals_of(holds, by)
    new = unseen(holds)
    for held in holds:
        may_look = held.pk not in refusals
        name = shown_path(held.receipt.upload_file, keys) if may_look else ""
        is_unseen = held.pk in new and Decision.ACCEPT in allowed_decisions(held)
        row = HeldRow(held, name, may_look and has_picture(held), is_unseen)
        rows[_kind(held)].append(row)
    return [
        HeldGroup(*kind, tuple(alike), total=open_like(alike[0].held).count())
        for kind, alike in rows.items()
    ]


def _kind(held: HeldFile) -> _Kind:
    offers = _offers(held, has_boxes=bool(held.regions))
    return held.receipt.reason, offers, _is_by_value(held), decision_page(held.cause)


def _is_by_value(held: HeldFile) -> bool:
    """Tell whether what was found in the header is decided value by value."""
    return held.sealed_finding is not None and Decision.FALSE_ALARM in allowed_decisions(held)


def _offers(held: HeldFile, *, has_boxes: bool) -> tuple[Offer, ...]:
    """Return what may be decided without a look at single values."""
    decisions = [one for one in allowed_decisions(held) if one != Decision.FALSE_ALARM]
    if held.sealed_finding is not None or not has_boxes:
        decisions = [one for one in decisions if one != Decision.REDACT]
    return tuple(_offer(decision, held) for decision in decisions)


def _offer(decision: Decision, held: HeldFile) -> Offer:
    if decision == Decision.ACCEPT:
        is_in_place = held.receipt.job.destination == Destination.FOLDER
        return ACCEPT_COMMAND if is_in_place else ACCEPT
    if decision == Decision.REDACT:
        return REDACT
    if decision == Decision.REPLACE:
        return REPLACE
    return KEEP if held.cause == OTHER_CONTENT else REJECT
