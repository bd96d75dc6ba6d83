"""How sign-in behaves here."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


class LocalAccountAdapter(DefaultAccountAdapter):
    """Local accounts are made by admins; nobody signs up by herself."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Keep local sign-up closed."""
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Lead from a sign-in to pages of this very address alone.

        allauth takes every host that the portal answers to, and so whatever runs on the person's
        own machine: the portal answers to loopback for its supervisor.
        """
        return url_has_allowed_host_and_scheme(url, allowed_hosts={context.request.get_host()})
