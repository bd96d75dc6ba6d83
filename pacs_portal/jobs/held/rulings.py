"""What stewards decided about a file so far, as its next run honors it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from pathlib import Path

from pacs_portal.jobs.held.aside import ORIGINAL
from pacs_portal.jobs.held.contents import held_content
from pacs_portal.jobs.held.findings import findings_of
from pacs_portal.jobs.held.of_projects import of_projects
from pacs_portal.jobs.models import Decision, HeldFile, Job, Outcome, Runner
from pacs_portal.jobs.steps import FileRuling, Region
from pacs_portal.jobs.storage import held_dir
from pacs_portal.projects.keys import ProjectKeys

FOR_CONTENTS = (Decision.ACCEPT, Decision.REDACT, Decision.FALSE_ALARM, Decision.REJECT)


@dataclass(frozen=True)
class Ruling:
    """All decisions about one file together."""

    for_steps: FileRuling = field(default_factory=FileRuling)
    is_replacement: bool = False
    is_rejected: bool = False
    original: Path | None = None  # the file as it was put aside

    def __or__(self, other: "Ruling") -> "Ruling":
        """Return both, the later decision `other` first."""
        return replace(
            other,
            for_steps=self.for_steps | other.for_steps,
            is_replacement=self.is_replacement or other.is_replacement,
            original=other.original or self.original,
        )


NONE = Ruling()


def rulings_in(part_id: int, keys: ProjectKeys) -> dict[int, Ruling]:
    """Return what was decided about the waiting files of a part, by receipt."""
    decided = HeldFile.objects.exclude(decision="").filter(
        receipt__unit__part_id=part_id, receipt__outcome=Outcome.WAITING
    )
    rulings: dict[int, Ruling] = {}
    for held in decided.order_by("decided_at"):
        rulings[held.receipt_id] = rulings.get(held.receipt_id, NONE) | _ruling(held, keys)
    return rulings


def rulings_by_content(job: Job, keys: ProjectKeys) -> dict[bytes, Ruling]:
    """Return what was decided about contents, by these contents: for runs of commands.

    A replacement is no such decision: it was about what the archive held at that time.
    """
    if job.runner != Runner.COMMAND:
        return {}
    decided = HeldFile.objects.filter(
        of_projects([job.project_id]), decision__in=FOR_CONTENTS, sealed_content__isnull=False
    )
    by_content: dict[bytes, list[Ruling]] = {}
    for held in decided.order_by("decided_at"):
        ruling = replace(_ruling(held, keys), original=None)
        by_content.setdefault(held_content(held, keys), []).append(ruling)
    return {content: reduce(Ruling.__or__, rulings) for content, rulings in by_content.items()}


def regions_in(boxes: Sequence[Sequence[int | None]]) -> tuple[Region, ...]:
    """Return the boxes of a row's `regions` or `redactions`."""
    return tuple(Region(*box) for box in boxes)  # type: ignore[arg-type]


def _ruling(held: HeldFile, keys: ProjectKeys) -> Ruling:
    original = held_dir(held.pk) / ORIGINAL
    return Ruling(
        for_steps=_for_steps(held, keys),
        is_replacement=held.decision == Decision.REPLACE,
        is_rejected=held.decision == Decision.REJECT,
        original=original if held.has_original and original.exists() else None,
    )


def _for_steps(held: HeldFile, keys: ProjectKeys) -> FileRuling:
    lines = {*held.false_alarms, *held.removals}
    texts = [found.text for found in findings_of(held, keys)] if lines else []
    # Who drew boxes saw those that were found: what she left out is not held for it again.
    is_accepted = held.decision == Decision.ACCEPT or held.redactions
    return FileRuling(
        accepted=frozenset({held.cause} if is_accepted else ()),
        false_alarms=frozenset(texts[line] for line in held.false_alarms),
        removals=frozenset(texts[line] for line in held.removals),
        redactions=regions_in(held.redactions),
    )
