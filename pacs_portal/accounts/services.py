"""What can be done with accounts."""

import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore

from pacs_portal.accounts.models import User

PASSWORD_BYTES = 15  # 20 letters
MAIL_SECONDS = 24 * 3600  # long enough for a site admin to pass a link on


@dataclass(frozen=True, repr=False)
class FirstAdmin:
    """The account that was made; `generated_password` is empty if the password was given."""

    user: User
    generated_password: str


def create_first_admin(email: str, password: str = "") -> FirstAdmin | None:
    """Make a site admin unless one can already sign in; a missing password is generated."""
    if User.objects.filter(is_superuser=True, is_active=True).exists():
        return None
    generated = "" if password else secrets.token_urlsafe(PASSWORD_BYTES)
    user = User.objects.create_superuser(email, password or generated)
    return FirstAdmin(user=user, generated_password=generated)


def remove_ended_sessions() -> None:
    """Remove the sessions whose time is up: nobody can use them, and they name their person."""
    SessionStore.clear_expired()


def remove_old_mail() -> None:
    """Remove the mails that were written to files a day ago: each names a person, with a link."""
    yesterday = time.time() - MAIL_SECONDS
    for path in Path(settings.EMAIL_FILE_PATH).glob("*.log"):
        if path.stat().st_mtime < yesterday:
            path.unlink(missing_ok=True)
