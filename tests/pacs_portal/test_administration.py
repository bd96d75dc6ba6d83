"""When the administration of the apps is loaded, and what of it is there."""

from django.contrib.auth.models import Group
from django.urls import reverse


def registered_after(portal, *steps: str) -> str:
    """Return, after each statement, whether the administration of accounts is there."""
    told = "; ".join(f"{step}; print(admin.site.is_registered(User), end=' ')" for step in steps)
    code = f"from django.contrib import admin; from pacs_portal.accounts.models import User; {told}"
    ended = portal.run("shell", "--no-imports", "-c", code)
    assert ended.status == 0, ended.err
    return ended.out.strip()


def test_it_is_loaded_with_the_addresses_and_no_sooner(portal) -> None:
    assert registered_after(portal, "pass", "import pacs_portal.urls") == "False True"


def test_checks_load_it_first(portal) -> None:
    assert registered_after(portal, "pass", "admin.site.check(None)") == "False True"


def test_its_pages_are_those_of_the_apps(admin_client) -> None:
    text = admin_client.get(reverse("admin:index")).content.decode()
    assert "PACS2go administration" in text
    assert reverse("admin:accounts_user_changelist") in text
    assert f"/{Group._meta.app_label}/group/" not in text
