from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core import mail
from django.core.cache import cache
from django.urls import reverse

from pacs_portal.audit.models import Event

PASSWORD = "passphrase"


@pytest.fixture(autouse=True)
def _fresh_limits():
    cache.clear()


def sign_in(client, email, password=PASSWORD, **data):
    return client.post(reverse("account_login"), {"login": email, "password": password, **data})


def test_sign_in_takes_the_e_mail_in_any_case(anonymous_client, member):
    answer = sign_in(anonymous_client, member.email.upper())
    assert answer.status_code == 302
    assert answer.url == "/"


@pytest.mark.parametrize(
    ("asked", "led_to"),
    [
        ("/projects/heart/?page=2", "/projects/heart/?page=2"),
        ("http://testserver/admin/", "http://testserver/admin/"),
        ("http://127.0.0.1:9000/", "/"),
        ("http://localhost/", "/"),
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_a_sign_in_leads_to_this_portal_and_nowhere_else(anonymous_client, member, asked, led_to):
    assert sign_in(anonymous_client, member.email, next=asked).url == led_to


def test_a_wrong_password_and_an_unknown_e_mail_get_the_same_answer(anonymous_client, member):
    wrong = sign_in(anonymous_client, member.email, "wrong")
    unknown = sign_in(anonymous_client, "nobody@example.org", "wrong")
    assert wrong.status_code == unknown.status_code == 200
    assert wrong.context["form"].errors == unknown.context["form"].errors


def test_a_deactivated_person_cannot_sign_in_and_loses_the_open_session(member_client, member):
    member.is_active = False
    member.save()
    assert member_client.get("/").status_code == 302
    assert sign_in(member_client, member.email).url == reverse("account_inactive")


def test_guessing_is_limited(anonymous_client, member):
    for _ in range(5):
        sign_in(anonymous_client, member.email, "wrong")
    answer = sign_in(anonymous_client, member.email)
    assert answer.status_code == 200
    assert "_auth_user_id" not in anonymous_client.session


@pytest.mark.parametrize("page", ["signup", "email", "confirm-email", "password/set"])
def test_closed_pages_do_not_exist(anonymous_client, member_client, page):
    assert anonymous_client.get(f"/accounts/{page}/").status_code == 404
    assert member_client.get(f"/accounts/{page}/").status_code == 404


def test_nobody_signs_up(anonymous_client, db):
    form = {"email": "x@example.org", "password1": "new-Phrase-77", "password2": "new-Phrase-77"}
    assert anonymous_client.post("/accounts/signup/", form).status_code == 404


def test_administration_is_entered_through_the_portals_sign_in(anonymous_client, db):
    login_page = anonymous_client.get("/admin/", follow=True).redirect_chain[-1][0]
    assert urlsplit(login_page).path == reverse("account_login")
    assert parse_qs(urlsplit(login_page).query)["next"] == ["/admin/"]


def test_a_password_is_reset_by_mail_to_the_account_only(anonymous_client, member):
    for email in (member.email, "nobody@example.org"):
        answer = anonymous_client.post(reverse("account_reset_password"), {"email": email})
        assert answer.url == reverse("account_reset_password_done")
    assert [message.to for message in mail.outbox] == [[member.email]]


def test_a_second_factor_is_set_up_and_then_asked_for(
    anonymous_client, member, django_capture_on_commit_callbacks
):
    sign_in(anonymous_client, member.email)
    asked = anonymous_client.get(reverse("mfa_activate_totp"))
    assert urlsplit(asked.url).path == reverse("account_reauthenticate")
    anonymous_client.post(asked.url, {"password": PASSWORD})
    page = anonymous_client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    assert b'src="data:image/svg+xml' in page.content
    assert "img-src 'self' data:" in page.headers["Content-Security-Policy"]

    with django_capture_on_commit_callbacks(execute=True):
        answer = anonymous_client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})
    assert answer.status_code == 302
    assert Event.objects.filter(action="account.factor-added", actor=member).exists()
    assert anonymous_client.get(reverse("mfa_view_recovery_codes")).status_code == 200

    anonymous_client.post(reverse("account_logout"))
    assert sign_in(anonymous_client, member.email).url == reverse("mfa_authenticate")
    assert anonymous_client.get("/").status_code == 302
    assert anonymous_client.get(reverse("mfa_authenticate")).status_code == 200


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


@pytest.mark.parametrize(
    "name", ["account_change_password", "mfa_index", "account_logout", "account_reauthenticate"]
)
def test_account_pages_carry_no_inline_script_or_style(member_client, name):
    page = member_client.get(reverse(name))
    assert page.status_code == 200
    assert_no_inline_code(page.content.decode())


def test_the_sign_in_page_carries_no_inline_script_or_style(anonymous_client, db):
    assert_no_inline_code(anonymous_client.get(reverse("account_login")).content.decode())


def assert_no_inline_code(page: str) -> None:
    assert "<script>" not in page
    assert "<style" not in page
    assert ' style="' not in page
    assert " onclick=" not in page


def test_signing_out_makes_the_browser_forget(member_client):
    answer = member_client.post(reverse("account_logout"))
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert member_client.get("/").status_code == 302


def test_who_asked_for_a_new_password_finds_the_way_back(anonymous_client, db):
    address = reverse("account_reset_password")
    asked = anonymous_client.post(address, {"email": "nobody@example.org"}, follow=True)
    assert reverse("account_login") in asked.content.decode()
    assert "ask a site admin" in asked.content.decode()
