"""How much of the registry one person may see in a while; counted in the audit log.

The log is the database's, so the limit is one for all processes; and what is not recorded is not
shown, so nothing is missed. Commands are not limited: who has a shell and the keys is trusted.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

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


@contextmanager
def counted(project: Project, by: Actor) -> Iterator[None]:
    """Check and record in one transaction, one after the other for each person: in two tabs, too.

    That a limit was reached is recorded when nothing else is.
    """
    try:
        with transaction.atomic():
            if isinstance(by, User):
                User.objects.select_for_update(no_key=True).get(pk=by.pk)
            yield
    except TooManyError as error:
        record_in(project, by, LIMIT_REACHED, limited=error.action)
        raise


def check_limit(action: str, *, by: Actor) -> None:
    """Refuse what would be one too many for this person, in all projects together.

    Raises
    ------
    TooManyError
        With the time after which she may try again.
    """
    limit = LIMITS[action]
    if isinstance(by, User) and count_since(by, action, limit.within) >= limit.most:
        raise TooManyError(action, limit.within)
