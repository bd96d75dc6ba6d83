from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from pacs_portal.accounts.services import create_first_admin


class Command(BaseCommand):
    """Make the first site admin; silent when there is one."""

    help = "Create the first site admin and show a generated password once."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = create_first_admin(settings.ADMIN_EMAIL, settings.ADMIN_PASSWORD)
        except ValidationError as error:
            raise CommandError(
                "The first site admin was not made. Check PACS2GO_ADMIN_EMAIL: "
                + " ".join(error.messages)
            ) from None
        if made is None:
            return
        self.stdout.write(f"Site admin: {made.user.email}")
        if made.generated_password:
            self.stdout.write(f"Password (shown only now): {made.generated_password}")
