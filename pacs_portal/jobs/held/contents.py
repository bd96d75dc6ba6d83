"""Which contents a steward decided about: their checksums, sealed.

With --output nothing is copied; the next run of a command finds the decision by the content.
"""

from hashlib import file_digest
from pathlib import Path
from uuid import UUID

from pacs_portal.jobs.models import HeldFile
from pacs_portal.projects.keys import Label, ProjectKeys, SealingKeys


def content_of(file: Path) -> bytes:
    """Return the checksum of a file's content; who has the file can compute it, too."""
    with file.open("rb") as stream:
        return file_digest(stream, "sha256").digest()


def seal_content(keys: SealingKeys, held_id: UUID, content: bytes) -> bytes:
    """Return `content` sealed for its row."""
    return keys.seal(Label.CONTENTS, content, context=_context(held_id))


def held_content(held: HeldFile, keys: ProjectKeys) -> bytes:
    """Return the content of a held file; nothing for one that an older version held."""
    if held.sealed_content is None:
        return b""
    return keys.unseal(Label.CONTENTS, bytes(held.sealed_content), context=_context(held.pk))


def _context(held_id: UUID) -> str:
    return f"{held_id} content"
