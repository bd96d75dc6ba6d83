"""How much of the registry one person may see in a while; counted in the audit log.

The log is the database's, so the limit is one for all processes; and what is not recorded is not
shown, so nothing is missed. Commands are not limited: who has a shell and the keys is trusted.
"""

from dataclasses import dataclass
from datetime import timedelta

from pacs_portal.accounts.models import User
from pacs_portal.audit.services import Actor, count_since
from pacs_portal.projects.models import Project
from pacs_portal.projects.services import record_in
from pseudonymizer.errors import TooManyError

VIEWED = "registry.identity_viewed"
SEARCHED = "registry.searched"
PAIR_VIEWED = "registry.pair_viewed"
EXPORTED = "registry.exported"
LISTED = "registry.identities_listed"
LIST_CHECKED = "registry.list_checked"
LIMIT_REACHED = "registry.limit_reached"


@dataclass(frozen=True)
class Limit:
    """So many, within so long."""

    most: int
    within: timedelta


LIMITS = {
    VIEWED: Limit(60, timedelta(hours=1)),
    SEARCHED: Limit(30, timedelta(minutes=10)),
    PAIR_VIEWED: Limit(120, timedelta(hours=1)),
    EXPORTED: Limit(1, timedelta(minutes=1)),
    LIST_CHECKED: Limit(10, timedelta(minutes=10)),
    LISTED: Limit(30, timedelta(hours=1)),
}


def check_limit(project: Project, action: str, *, by: Actor) -> None:
    """Refuse what would be one too many for this person, in all projects together.

    Raises
    ------
    TooManyError
        With the time after which she may try again.
    """
    limit = LIMITS[action]
    if isinstance(by, User) and count_since(by, action, limit.within) >= limit.most:
        record_in(project, by, LIMIT_REACHED, limited=action)
        raise TooManyError(limit.within)
