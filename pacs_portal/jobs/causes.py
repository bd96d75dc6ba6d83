"""Which decisions the cause of a held file allows; tools add the causes of their steps."""

from pacs_portal.jobs.models import Decision, Destination, HeldFile

OTHER_CONTENT = "other-content"  # the archive holds another image under the same UID

_allowed: dict[str, tuple[Decision, ...]] = {OTHER_CONTENT: (Decision.REPLACE,)}


def allow_decision(decision: Decision, *causes: str) -> None:
    """Let stewards decide so about files held for `causes`; tools call this in ready()."""
    for cause in causes:
        others = [other for other in _allowed.get(cause, ()) if other != decision]
        _allowed[cause] = (*others, decision)


def allowed_decisions(held: HeldFile) -> tuple[Decision, ...]:
    """Return what may be decided about a held file; rejecting it always may."""
    if not _may_run_again(held):
        return (Decision.REJECT,)
    return (*_allowed.get(held.cause, ()), Decision.REJECT)


def _may_run_again(held: HeldFile) -> bool:
    """Tell whether the file was planned, and still lies aside or where its command found it."""
    is_planned = held.receipt.unit_id is not None
    is_in_place = held.receipt.job.destination == Destination.FOLDER
    return is_planned and (held.has_original or is_in_place)
