"""The address of an answer to a form leads back to the form's page, and takes POST alone."""

from uuid import UUID

import pytest
from django.urls import reverse

SOME = UUID("5e0c0de5-0000-4000-8000-000000000001")
PAGES = {
    "registry_find": ("registry", []),
    "registry_export": ("registry", []),
    "registry_import_confirm": ("registry_import", []),
    "registry_match_decide": ("registry_match", [SOME]),
    "two_people_on": ("approvals", []),
    "approval_ask": ("approvals", []),
    "profile_import": ("profile", []),
    "held_decide": ("project_held", []),
    "held_file_decide": ("held_file", [SOME]),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_link_to_an_answer_opens_the_page_of_its_form(project, steward_client, name) -> None:
    page, more = PAGES[name]
    address, opened = (reverse(each, args=[project.key, *more]) for each in (name, page))
    assert steward_client.get(address).url == opened
    assert steward_client.get(address, {"q": "AB-1", "page": "2"}).url == f"{opened}?q=AB-1&page=2"
    assert steward_client.put(address).status_code == 405


@pytest.mark.parametrize("name", PAGES)
def test_strangers_find_nothing_behind_it(project, stranger_client, name) -> None:
    _page, more = PAGES[name]
    address = reverse(name, args=[project.key, *more])
    assert stranger_client.get(address, follow=True).status_code == 404


def test_an_answer_names_the_address_of_its_page(project, steward_client) -> None:
    """portal.js shows it in the browser, so that nothing is sent twice."""
    address = reverse("held_decide", args=[project.key])
    answer = steward_client.post(f"{address}?page=1", {"decision": "reject"})
    assert f'data-address="{address}?page=1"' in answer.text
    assert "data-address" not in steward_client.get(address, follow=True).text


def test_a_page_that_asks_for_a_password_keeps_where_the_person_was_going(
    project, steward_client
) -> None:
    asked = {"password": "wrong", "next": reverse("registry", args=[project.key])}
    page = steward_client.post(reverse("account_reauthenticate"), asked).text
    assert "Incorrect password" in page
    assert "data-address" not in page
