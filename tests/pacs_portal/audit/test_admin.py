from django.urls import reverse

from pacs_portal.audit.services import record


def test_a_site_admin_reads_and_searches_the_audit_and_changes_nothing(admin_client):
    event = record("system", "test.happened")
    found = admin_client.get(reverse("admin:audit_event_changelist"), {"q": "test.happened"})
    assert found.status_code == 200
    assert b"test.happened" in found.content
    detail = reverse("admin:audit_event_change", args=[event.pk])
    assert admin_client.get(detail).status_code == 200
    assert admin_client.post(detail, {"action": "other"}).status_code == 403
    assert admin_client.get(reverse("admin:audit_event_add")).status_code == 403
    assert (
        admin_client.post(
            reverse("admin:audit_event_delete", args=[event.pk]), {"post": "yes"}
        ).status_code
        == 403
    )


def test_an_owner_without_staff_rights_reads_no_audit(owner_client):
    assert owner_client.get(reverse("admin:audit_event_changelist")).status_code == 302
