"""A new version of a project's identity keys: everything is sealed anew, then the old one goes.

Readers and writers keep working, and it may be killed at any moment and run again. It goes:

1. begin: a new version, while nobody writes. From then on all who write use it; what they look
   for by digest they look for under both (keys.ProjectKeys.digests).
2. seal anew: row by row, in short transactions; a row in use is left for the next round.
3. drop: while nobody writes, and only when no row depends on an older version.

UIDs depend on another secret, which stays: else no study would be found again.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from pacs_portal.audit.services import Actor
from pacs_portal.projects import locks
from pacs_portal.projects.keyfile import load_master_keys
from pacs_portal.projects.keys import sealing_keys
from pacs_portal.projects.models import Project, ProjectSecret, Purpose
from pacs_portal.projects.sealed import SealedTable, sealed_tables
from pacs_portal.projects.services import record_in
from pacs_portal.projects.wrapping import add_secret

BATCH_ROWS = 500
# Who read a row just before it was sealed anew opens it within this time.
READERS_SECONDS = 2.0

Progress = Callable[[str, int], None]  # name of the table, rows sealed anew so far


@dataclass(frozen=True)
class Rotation:
    """How a rotation ended."""

    is_new: bool  # else an interrupted one was ended
    staying: int  # rows that still depend on an older version, which is kept for them


def rotate_identity_keys(project: Project, *, actor: Actor, progress: Progress) -> Rotation:
    """Give the project new identity keys, or end what was interrupted."""
    is_new = begin_version(project, actor)
    renewed = seal_anew(project, progress)
    while True:
        time.sleep(READERS_SECONDS)
        renewed += seal_anew(project, progress)
        if drop_old_versions(project, actor, renewed):
            return Rotation(is_new, _staying(project))


def begin_version(project: Project, actor: Actor) -> bool:
    """Add a version while nobody writes; False if one was begun and not ended."""
    with transaction.atomic():
        locks.take_alone(locks.key_versions(project.pk))
        newest = _newest(project)
        if _old_secrets(project).exists() and not _staying(project):
            return False
        if _has_outdated(project):
            return False
        locks.share(locks.MASTER_KEYS)
        add_secret(project, Purpose.IDENTITY, newest + 1, load_master_keys())
        record_in(project, actor, "keys.rotation_begun", version=newest + 1)
    return True


def seal_anew(project: Project, progress: Progress) -> int:
    """Seal everything that can be under the newest version; return how many rows that were."""
    return sum(_seal_table(project, table, progress) for table in sealed_tables())


def drop_old_versions(project: Project, actor: Actor, renewed: int) -> bool:
    """End the rotation while nobody writes; False if something was written under an old version."""
    with transaction.atomic():
        locks.take_alone(locks.key_versions(project.pk))
        newest = _newest(project)
        if _has_outdated(project):
            return False
        staying = _staying(project)
        if not staying:
            _old_secrets(project).delete()
        record_in(
            project, actor, "keys.rotated", version=newest, rows=renewed, rows_staying=staying
        )
    return True


def _seal_table(project: Project, table: SealedTable, progress: Progress) -> int:
    done = 0
    for count in _seal_batches(project, table):
        done += count
        progress(table.name, done)
    return done


def _seal_batches(project: Project, table: SealedTable) -> Iterator[int]:
    last = None
    while True:
        with transaction.atomic():
            keys = sealing_keys(project.pk)
            rows = table.outdated(project.pk, keys.version).order_by("pk")
            if last is not None:
                rows = rows.filter(pk__gt=last)
            batch = list(rows.select_for_update(skip_locked=True, of=("self",))[:BATCH_ROWS])
            if not batch:
                return
            last = batch[-1].pk
            table.renew(batch, keys)
        yield len(batch)


def _has_outdated(project: Project) -> bool:
    newest = _newest(project)
    return any(table.outdated(project.pk, newest).exists() for table in sealed_tables())


def _newest(project: Project) -> int:
    return max(_identity_secrets(project).values_list("version", flat=True))


def _old_secrets(project: Project) -> QuerySet[ProjectSecret]:
    return _identity_secrets(project).filter(version__lt=_newest(project))


def _identity_secrets(project: Project) -> QuerySet[ProjectSecret]:
    return ProjectSecret.objects.filter(project=project, purpose=Purpose.IDENTITY)


def _staying(project: Project) -> int:
    newest = _newest(project)
    return sum(table.staying(project.pk, newest) for table in sealed_tables())
