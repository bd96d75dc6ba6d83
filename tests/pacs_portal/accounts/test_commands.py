from io import StringIO

import pytest
from django.core.management import call_command

from pacs_portal.accounts.models import User


def run() -> str:
    out = StringIO()
    call_command("createadmin", stdout=out)
    return out.getvalue()


@pytest.fixture
def unset_password(settings, db):
    settings.ADMIN_EMAIL = "first@example.org"
    settings.ADMIN_PASSWORD = ""


def test_the_first_admin_gets_a_password_that_is_shown_once(unset_password):
    shown = run()
    password = shown.split(": ")[-1].strip()
    admin = User.objects.get()
    assert admin.email == "first@example.org"
    assert admin.is_staff
    assert admin.is_superuser
    assert len(password) >= 20
    assert admin.check_password(password)
    assert run() == ""
    assert User.objects.count() == 1


def test_a_given_password_is_not_shown(unset_password, settings):
    settings.ADMIN_PASSWORD = "chosen-by-hand"
    assert run() == "Site admin: first@example.org\n"
    assert User.objects.get().check_password("chosen-by-hand")


def test_a_deactivated_admin_does_not_count(unset_password, site_admin):
    site_admin.is_active = False
    site_admin.save()
    assert "first@example.org" in run()
