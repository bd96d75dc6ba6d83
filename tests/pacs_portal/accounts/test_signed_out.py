"""Who was signed out meanwhile: what an open page and a late form are answered."""

from http import HTTPStatus


def test_a_part_of_an_open_page_is_refused_and_not_answered_with_the_sign_in_page(client, project):
    address = f"/projects/{project.key}/"
    asked = client.get(address, headers={"HX-Request": "true"})
    assert (asked.status_code, asked.content) == (HTTPStatus.UNAUTHORIZED, b"")
    assert client.get(address).headers["Location"] == f"/accounts/login/?next={address}"


def test_a_form_that_came_too_late_is_told_on_the_sign_in_page(client, project):
    answer = client.post("/projects/new/", {"name": "Late", "key": "late"}, follow=True)
    assert b"You were signed out, so nothing was done." in answer.content
    assert b"You were signed out, so" not in client.get("/projects/new/", follow=True).content
