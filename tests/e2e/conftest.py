"""One portal and one browser for the whole walk; what the browser is told is kept for the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, Response, sync_playwright

from tests.e2e import walk
from tests.e2e.portal import Portal, running_portal

CHROMIUM = "/usr/bin/chromium"
# Software rendering, and no connection to anybody but the portal.
FLAGS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TEXT_TYPES = ("text/", "application/json", "application/dicom+json", "application/javascript")


class Conversation:
    """What the portal answered, and what went wrong in the browser."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, str]] = []
        self.faults: list[str] = []

    def listen(self, page: Page) -> None:
        """Keep the text answers and the faults of a page."""
        page.on("response", self._keep)
        page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        page.on(
            "console",
            lambda message: (
                self.faults.append(f"console: {message.text}")
                if message.type == "error" and "Content Security Policy" in message.text
                else None
            ),
        )

    def _keep(self, response: Response) -> None:
        kind = response.headers.get("content-type", "")
        if "/static/" in response.url or not kind.startswith(TEXT_TYPES):
            return
        if "/ohif/" in response.url and "viewer" not in response.url:
            return
        try:
            self.answers.append((response.url, response.text()))
        except Error as error:  # a redirect or an aborted request has no body
            self.answers.append((response.url, type(error).__name__))


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with running_portal(tmp_path_factory.mktemp("portal") / "var") as started:
        yield started


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def conversation() -> Conversation:
    return Conversation()


@pytest.fixture(scope="session")
def context(browser: Browser, portal: Portal) -> Iterator[BrowserContext]:
    opened = browser.new_context(
        base_url=portal.url, viewport={"width": 1440, "height": 900}, accept_downloads=True
    )
    opened.set_default_timeout(30_000)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def page(context: BrowserContext, conversation: Conversation) -> Page:
    opened = context.new_page()
    conversation.listen(opened)
    return opened


@pytest.fixture(scope="session")
def first_sign_in(page: Page, portal: Portal, screenshots: Path) -> Page:
    """The page of the first admin, signed in at some time."""
    page.goto("/")
    page.screenshot(path=screenshots / "sign-in.png")
    walk.sign_in_as(page, portal.email, portal.password)
    return page


@pytest.fixture(scope="module")
def signed_in(first_sign_in: Page, portal: Portal) -> Page:
    """The same, signed in recently enough for identities, however long the tests have run."""
    walk.sign_in_again(first_sign_in, portal.password)
    return first_sign_in


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Where the pictures of the README come from; the run makes them anew."""
    folder = Path(__file__).resolve().parents[2] / "test-artifacts" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
