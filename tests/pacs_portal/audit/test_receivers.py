from allauth.mfa.models import Authenticator
from django.urls import reverse

from pacs_portal.audit.models import Event

PASSWORD = "passphrase"


def actions() -> list[str]:
    return list(Event.objects.order_by("id").values_list("action", flat=True))


def sign_in(client, email, password=PASSWORD):
    return client.post(reverse("account_login"), {"login": email, "password": password})


def test_a_sign_in_and_a_sign_out_are_recorded(anonymous_client, member):
    sign_in(anonymous_client, member.email)
    anonymous_client.post(reverse("account_logout"))
    assert actions() == ["account.signed-in", "account.signed-out"]
    assert {event.actor for event in Event.objects.all()} == {member}


def test_a_failed_sign_in_is_recorded_without_what_was_typed(anonymous_client, member):
    sign_in(anonymous_client, member.email, "wrong")
    event = Event.objects.get()
    assert event.action == "account.sign-in-failed"
    assert event.actor is None
    everything = f"{event.actor_label} {event.target_id} {event.target_type} {event.details}"
    assert member.email not in everything
    assert "wrong" not in everything


def test_a_password_change_is_recorded(anonymous_client, member):
    sign_in(anonymous_client, member.email)
    anonymous_client.post(
        reverse("account_change_password"),
        {"oldpassword": PASSWORD, "password1": "new-Phrase-77", "password2": "new-Phrase-77"},
    )
    assert "account.password-changed" in actions()


def test_what_a_site_admin_changes_is_recorded_by_field_and_not_by_value(admin_client, member):
    address = reverse("admin:accounts_user_change", args=[member.pk])
    form = admin_client.get(address).context["adminform"].form
    fields = {name: value for name, value in form.initial.items() if value not in (None, [])}
    inline = {
        f"external_identities-{name}": 0
        for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")
    }
    fields.pop("password", None)
    for flag in ("is_staff", "is_superuser"):
        fields.pop(flag, None)
    answer = admin_client.post(
        address, {**fields, **inline, "full_name": "Planted Name", "is_active": "on"}
    )
    assert answer.status_code == 302
    event = Event.objects.get(action="admin.changed")
    assert event.details["target_model"] == "user"
    assert event.details["target_key"] == str(member.pk)
    assert event.details["fields"] == "Name"
    assert "Planted" not in str(event.details)


def test_no_second_factor_is_removed_by_a_site_admin_unrecorded(admin_client, site_admin, member):
    """Django's action for several rows makes entries that no receiver hears of."""
    factors = [
        Authenticator.objects.create(user=member, type=kind, data={"secret": "sealed"})
        for kind in ("totp", "recovery_codes")
    ]
    chosen = [factor.pk for factor in factors]
    admin_client.post(
        reverse("admin:mfa_authenticator_changelist"),
        {"action": "delete_selected", "_selected_action": chosen, "post": "yes"},
    )
    assert Authenticator.objects.count() == 2
    for factor in factors:
        address = reverse("admin:mfa_authenticator_delete", args=[factor.pk])
        admin_client.post(address, {"post": "yes"})
    assert not Authenticator.objects.exists()
    events = Event.objects.filter(action="admin.deleted", actor=site_admin)
    assert {event.details["target_key"] for event in events} == {str(pk) for pk in chosen}
