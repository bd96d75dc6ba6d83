"""How sign-in behaves here."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class LocalAccountAdapter(DefaultAccountAdapter):
    """Local accounts are made by admins; nobody signs up by herself."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Keep local sign-up closed."""
        return False
