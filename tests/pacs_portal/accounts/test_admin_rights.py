"""Staff who may change accounts, and no more, gain no right by it."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from pacs_portal.accounts.models import User


@pytest.fixture
def clerk(db) -> User:
    clerk = User.objects.create_user("clerk@example.org", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user"]))
    return clerk


@pytest.fixture
def clerk_client(clerk) -> Client:
    client = Client()
    client.force_login(clerk)
    return client


def test_nobody_gives_herself_rights(clerk, clerk_client):
    address = reverse("admin:accounts_user_change", args=[clerk.pk])
    inline = {
        f"external_identities-{name}": "0"
        for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")
    }
    form = {"email": clerk.email, "full_name": "Clerk", "is_active": "on", **inline}
    answer = clerk_client.post(address, {**form, "is_superuser": "on", "is_staff": "on"})
    assert answer.status_code == 302
    clerk.refresh_from_db()
    assert (clerk.full_name, clerk.is_superuser) == ("Clerk", False)


def test_a_superusers_password_is_out_of_reach(clerk_client):
    chief = User.objects.create_superuser("chief@example.org", "correct horse battery")
    address = reverse("admin:auth_user_password_change", args=[chief.pk])
    new = {"usable_password": "true", "password1": "stolen horse 1", "password2": "stolen horse 1"}
    assert clerk_client.post(address, new).status_code == 403
    chief.refresh_from_db()
    assert chief.check_password("correct horse battery")


def test_a_superusers_second_factor_is_out_of_reach(clerk, clerk_client):
    clerk.user_permissions.set(Permission.objects.filter(content_type__app_label="mfa"))
    factors = {
        name: Authenticator.objects.create(user=user, type="totp", data={"secret": "sealed"})
        for name, user in {
            "chief": User.objects.create_superuser("chief@example.org", "correct horse battery"),
            "member": User.objects.create_user("member@example.org"),
        }.items()
    }
    for factor in factors.values():
        clerk_client.post(
            reverse("admin:mfa_authenticator_delete", args=[factor.pk]), {"post": "yes"}
        )
    clerk_client.post(
        reverse("admin:mfa_authenticator_changelist"),
        {"action": "delete_selected", "_selected_action": [factors["chief"].pk], "post": "yes"},
    )
    assert list(Authenticator.objects.all()) == [factors["chief"]]
