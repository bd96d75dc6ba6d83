"""Which decisions the cause of a held file allows; tools add the causes of their steps."""

from dataclasses import dataclass

from pacs_portal.jobs.models import Decision, Destination, HeldFile
from pacs_portal.tools import Text

COMPANION = "companion"  # a file to keep with the project as it is
OTHER_CONTENT = "other-content"  # the archive holds another image under the same UID

_allowed: dict[str, tuple[Decision, ...]] = {
    OTHER_CONTENT: (Decision.REPLACE,),
    COMPANION: (Decision.ACCEPT,),
}


@dataclass(frozen=True)
class DecisionPage:
    """Where stewards decide what the files of a cause wait for; its address takes a project key."""

    label: Text
    url_name: str


_pages: dict[str, DecisionPage] = {}


def decided_on(page: DecisionPage, *causes: str) -> None:
    """Lead stewards from files held for `causes` to another page; tools call this in ready()."""
    _pages.update(dict.fromkeys(causes, page))


def decision_page(cause: str) -> DecisionPage | None:
    """Return the page on which a cause is decided, if it is not that of the held files."""
    return _pages.get(cause)


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
