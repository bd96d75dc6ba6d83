"""A new master key in the key file: the secrets of all projects are wrapped anew.

It may be killed at any moment and run again. The file first gets the new key beside the old one,
in one move; the old one leaves it when nothing in the database needs it any more.
"""

import time

from django.db import transaction

from pacs_portal.audit.services import Actor, record
from pacs_portal.projects import locks
from pacs_portal.projects.keyfile import (
    MasterKeys,
    load_master_keys,
    note_fingerprint,
    replace_key_file,
    with_new_key,
)
from pacs_portal.projects.models import KeyFileCheck, ProjectSecret
from pacs_portal.projects.rotation import READERS_SECONDS
from pacs_portal.projects.wrapping import wrap_anew, wrapping_key_id


def rotate_master_key(*, actor: Actor) -> int:
    """Put a new master key into the file, or end what was interrupted.

    Returns
    -------
    int
        How many secrets were wrapped anew.

    Raises
    ------
    KeyFileError
        If the file is not this database's, or cannot be replaced.
    """
    master_keys = begin_master_key()
    wrapped = wrap_all_anew(master_keys)
    with transaction.atomic():
        locks.take_alone(locks.MASTER_KEYS)
        wrapped += wrap_all_anew(master_keys)  # of projects made a moment ago
        KeyFileCheck.objects.exclude(key_id=master_keys.current_id).delete()
        record(actor, "keys.master_rotated", secrets=wrapped)
    time.sleep(READERS_SECONDS)
    current_id = master_keys.current_id
    replace_key_file(MasterKeys(current_id, {current_id: master_keys.keys[current_id]}))
    return wrapped


def begin_master_key() -> MasterKeys:
    """Add a key to the file, unless it has two because this was begun and not ended."""
    master_keys = load_master_keys()
    if len(master_keys.keys) == 1:
        master_keys = with_new_key(master_keys)
        replace_key_file(master_keys)
    note_fingerprint(master_keys)
    return master_keys


def wrap_all_anew(master_keys: MasterKeys) -> int:
    """Wrap every secret with the current key; return how many were wrapped otherwise."""
    wrapped = 0
    for row_id in ProjectSecret.objects.values_list("pk", flat=True):
        with transaction.atomic():
            row = ProjectSecret.objects.select_for_update().filter(pk=row_id).first()
            if row is not None and wrapping_key_id(row) != master_keys.current_id:
                wrap_anew(master_keys, row)
                wrapped += 1
    return wrapped
