"""Nothing but sign-in and health answers a stranger: every address of the URLconf is tried."""

import re
from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

SAMPLES = {
    "int": "1",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "slug": "heart",
    "str": "x",
    "path": "x",
}
# What must work before one has signed in.
OPEN_TO_ALL = {
    "/healthz",
    "/readyz",
    "/accounts/login/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/done/",
    "/accounts/password/reset/key/x-x/",
    "/accounts/inactive/",
}
# The administration's own entrance leads on to the portal's sign-in page.
SIGN_IN = {"/accounts/login/", "/admin/login/"}


def addresses(patterns, prefix: str = "/") -> Iterator[str]:
    """Yield one example address for every pattern below `prefix`."""
    for pattern in patterns:
        here = prefix + example(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, here)
        elif isinstance(pattern, URLPattern):
            yield here


def example(pattern) -> str:
    """Return text that `pattern` matches: a sample for each converter or group."""
    text = str(pattern)
    if hasattr(pattern, "_route"):
        return re.sub(r"<(?:(\w+):)?\w+>", lambda found: SAMPLES[found[1] or "str"], text)
    for group, sample in ((r"(?:/.*)?", "/x"), (r"(?s:.*)", "x")):
        text = text.replace(group, sample)
    while "(" in text:
        text, replaced = re.subn(r"\((?:\?P<\w+>|\?:)?([^()]*)\)", sample_of, text)
        if not replaced:
            break
    return re.sub(r"\\[AZzb]|[\^$]", "", text).replace("\\", "")


def sample_of(found: re.Match) -> str:
    inside = found[1]
    return inside.split("|")[0] if "|" in inside or re.fullmatch(r"\w+", inside) else "x"


ALL = sorted(set(addresses(get_resolver().url_patterns)))


def test_the_walk_finds_the_site():
    assert {"/", "/accounts/login/", "/projects/heart/members/", "/admin/"} <= set(ALL)
    assert len(ALL) > 60


@pytest.mark.parametrize("address", [one for one in ALL if one not in OPEN_TO_ALL])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_is_sent_to_the_sign_in_page(anonymous_client, project, address, method):
    answer = getattr(anonymous_client, method)(address)
    if answer.status_code in {301, 302}:
        assert answer.url.split("?")[0] in SIGN_IN | OPEN_TO_ALL | {address + "/", "/"}
    else:
        assert answer.status_code in {400, 401, 404, 405}
    assert b"heart" not in answer.content.lower().replace(address.encode(), b"")


@pytest.mark.parametrize("address", ["/project", "/api/v1/", "/pacs-admin/", "/metrics", "/x/y"])
def test_what_does_not_exist_is_not_found(anonymous_client, db, address):
    assert anonymous_client.get(address).status_code == 404


@pytest.mark.parametrize("address", ["/web", "/web/", "/web/viewer/1"])
def test_the_old_portals_addresses_lead_home(viewer_client, address):
    assert viewer_client.get(address).url == "/"
