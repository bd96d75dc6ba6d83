"""What stewards decided about a file so far, as its next run honors it."""

from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path

from pacs_portal.jobs.held import ORIGINAL
from pacs_portal.jobs.models import Decision, HeldFile, Job, Outcome, Runner
from pacs_portal.jobs.storage import held_dir


@dataclass(frozen=True)
class Ruling:
    """All decisions about one file together."""

    accepted: frozenset[str] = frozenset()  # causes for which it is not held again
    is_replacement: bool = False
    is_rejected: bool = False
    original: Path | None = None  # the file as it was put aside

    def __or__(self, other: "Ruling") -> "Ruling":
        """Return both, the later decision `other` first."""
        return replace(
            other,
            accepted=self.accepted | other.accepted,
            is_replacement=self.is_replacement or other.is_replacement,
            original=other.original or self.original,
        )


NONE = Ruling()


def rulings_in(part_id: int) -> dict[int, Ruling]:
    """Return what was decided about the waiting files of a part, by receipt."""
    decided = HeldFile.objects.exclude(decision="").filter(
        receipt__unit__part_id=part_id, receipt__outcome=Outcome.WAITING
    )
    rulings: dict[int, Ruling] = {}
    for held in decided.order_by("decided_at"):
        rulings[held.receipt_id] = rulings.get(held.receipt_id, NONE) | _ruling(held)
    return rulings


def rulings_by_content(job: Job) -> dict[bytes, Ruling]:
    """Return what was decided about contents, by their keyed digest: for runs of commands.

    A replacement is no such decision: it was about what the archive held at that time.
    """
    if job.runner != Runner.COMMAND:
        return {}
    decided = HeldFile.objects.filter(
        receipt__job__project=job.project_id,
        decision__in=[Decision.ACCEPT, Decision.REJECT],
        content_digest__isnull=False,
    )
    by_content: dict[bytes, list[Ruling]] = {}
    for held in decided.order_by("decided_at"):
        ruling = replace(_ruling(held), original=None)
        by_content.setdefault(bytes(held.content_digest or b""), []).append(ruling)
    return {digest: reduce(Ruling.__or__, rulings) for digest, rulings in by_content.items()}


def _ruling(held: HeldFile) -> Ruling:
    is_accepted = held.decision == Decision.ACCEPT
    original = held_dir(held.pk) / ORIGINAL
    return Ruling(
        accepted=frozenset({held.cause} if is_accepted else ()),
        is_replacement=held.decision == Decision.REPLACE,
        is_rejected=held.decision == Decision.REJECT,
        original=original if held.has_original and original.exists() else None,
    )
