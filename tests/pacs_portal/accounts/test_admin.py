from allauth.mfa.models import Authenticator
from django.urls import reverse

from pacs_portal.accounts.models import ExternalIdentity, User


def test_a_site_admin_adds_an_account_by_its_e_mail(admin_client):
    page = reverse("admin:accounts_user_add")
    assert admin_client.get(page).status_code == 200
    form = {
        "email": "New.Person@Example.org",
        "full_name": "New Person",
        "usable_password": "true",
        "password1": "new-Phrase-77",
        "password2": "new-Phrase-77",
        "external_identities-TOTAL_FORMS": 0,
        "external_identities-INITIAL_FORMS": 0,
    }
    assert admin_client.post(page, form).status_code == 302
    made = User.objects.get(email="new.person@example.org")
    assert made.check_password("new-Phrase-77")
    assert not made.is_staff


def test_who_gets_another_e_mail_signs_in_with_it(admin_client, anonymous_client, member):
    change = reverse("admin:accounts_user_change", args=[member.pk])
    form = {
        "email": "Dr.Mary@Example.org",
        "is_active": "on",
        "external_identities-TOTAL_FORMS": 0,
        "external_identities-INITIAL_FORMS": 0,
    }
    assert admin_client.post(change, form).status_code == 302
    credentials = {"login": "Dr.Mary@Example.org", "password": "passphrase"}
    assert anonymous_client.post(reverse("account_login"), credentials).status_code == 302
    assert anonymous_client.get("/").status_code == 200


def test_accounts_are_deactivated_and_never_deleted(admin_client, member):
    delete = reverse("admin:accounts_user_delete", args=[member.pk])
    assert admin_client.post(delete, {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=member.pk).exists()


def test_external_identities_are_read_and_not_written(admin_client, member):
    ExternalIdentity.objects.create(user=member, issuer="https://issuer.example", sub="abc")
    page = admin_client.get(reverse("admin:accounts_user_change", args=[member.pk]))
    assert b"https://issuer.example" in page.content
    assert b'name="external_identities-0-sub"' not in page.content


def test_the_page_of_second_factors_does_not_show_their_secrets(admin_client, member):
    factor = Authenticator.objects.create(user=member, type="totp", data={"secret": "PLANTED"})
    page = admin_client.get(reverse("admin:mfa_authenticator_change", args=[factor.pk]))
    assert page.status_code == 200
    assert b"PLANTED" not in page.content
