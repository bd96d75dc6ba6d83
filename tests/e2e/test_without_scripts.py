"""Without JavaScript: what needs none can be reached."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e import walk
from tests.e2e.portal import Portal


@pytest.fixture(params=[390, 1280])
def plain_page(request: pytest.FixtureRequest, browser: Browser, portal: Portal) -> Iterator[Page]:
    context = browser.new_context(
        base_url=portal.url,
        java_script_enabled=False,
        viewport={"width": request.param, "height": 844},
    )
    yield context.new_page()
    context.close()


def test_the_menu_stands_open_and_signs_out(plain_page: Page, portal: Portal) -> None:
    walk.sign_in_as(plain_page, portal.email, portal.password)
    menu = plain_page.locator("header")
    expect(menu.get_by_role("link", name="Convert")).to_be_visible()
    expect(menu.get_by_role("link", name="Change password")).to_be_visible()
    expect(menu.get_by_role("button")).to_have_count(1)  # the others need scripts
    assert plain_page.locator("body").bounding_box()["width"] <= plain_page.viewport_size["width"]
    menu.get_by_role("button", name="Sign out").click()
    expect(plain_page.get_by_label("Password", exact=True)).to_be_visible()
