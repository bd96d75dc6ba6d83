"""A checked list on its way through the person's browser: sealed, hers alone, for half an hour.

Between the check and the import the server keeps nothing: the list travels with the page.
"""

import struct
import time
import zlib
from base64 import b64decode, b64encode
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from pacs_portal.projects.errors import KeyFileError
from pacs_portal.projects.keys import Label, project_keys, sealing_keys
from pseudonymizer.errors import ListError

GOOD_SECONDS = 30 * 60
_HEAD = struct.Struct(">d32s")


@dataclass(frozen=True, repr=False)
class Parcel:
    """A list, and the fingerprint of what its check said."""

    content: bytes
    fingerprint: bytes


def seal_parcel(parcel: Parcel, *, project_id: UUID, person_id: object) -> str:
    """Return the parcel as text that opens for this person and project only."""
    head = _HEAD.pack(time.time(), parcel.fingerprint)
    plain = head + zlib.compress(parcel.content)
    with transaction.atomic():  # as the keys ask for
        sealed = sealing_keys(project_id).seal(
            Label.LISTS, plain, context=_context(project_id, person_id)
        )
    return b64encode(sealed).decode()


def open_parcel(text: str, *, project_id: UUID, person_id: object) -> Parcel:
    """Return what was sealed.

    Raises
    ------
    ListError
        If it is too old, somebody else's, or no parcel at all.
    """
    try:
        plain = project_keys(project_id).unseal(
            Label.LISTS, b64decode(text, validate=True), context=_context(project_id, person_id)
        )
        sealed_at, fingerprint = _HEAD.unpack_from(plain)
        content = zlib.decompress(plain[_HEAD.size :])
    except (KeyFileError, ValueError, struct.error):
        raise ListError(
            _("The checked list is not there any more. Choose the file again.")
        ) from None
    if not 0 <= time.time() - sealed_at <= GOOD_SECONDS:
        raise ListError(_("The check is older than 30 minutes. Choose the file again."))
    return Parcel(content, fingerprint)


def _context(project_id: UUID, person_id: object) -> str:
    return f"{project_id} list of {person_id}"
