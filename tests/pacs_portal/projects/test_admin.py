from django.urls import reverse

from pacs_portal.audit.models import Event


def form_of(project, **changes) -> dict:
    counts = {"TOTAL_FORMS": 0, "INITIAL_FORMS": 0}
    inline = {f"memberships-{name}": value for name, value in counts.items()}
    return {"name": project.name, "description": "", "is_active": "on", **inline, **changes}


def test_a_site_admin_switches_identified_data_on_and_the_audit_says_so(admin_client, project):
    address = reverse("admin:projects_project_change", args=[project.pk])
    answer = admin_client.post(address, form_of(project, accepts_identified="on", key="other"))
    assert answer.status_code == 302
    project.refresh_from_db()
    assert project.accepts_identified
    assert project.key == "heart"
    event = Event.objects.get(action="project.changed")
    assert event.details == {"accepts_identified": True}


def test_memberships_are_read_and_not_written_in_administration(admin_client, project):
    address = reverse("admin:projects_project_change", args=[project.pk])
    page = admin_client.get(address)
    assert b"steward@example.org" in page.content
    assert b'name="memberships-0-role"' not in page.content


def test_projects_are_neither_made_nor_deleted_in_administration(admin_client, project):
    assert admin_client.get(reverse("admin:projects_project_add")).status_code == 403
    delete = reverse("admin:projects_project_delete", args=[project.pk])
    assert admin_client.post(delete, {"post": "yes"}).status_code == 403
