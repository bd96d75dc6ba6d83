"""What the portal logs of requests that fail: the route, never what was typed."""

import io
import logging

import pytest
from django.test import Client

from infra.local.services import portal_service
from infra.local.site import Site
from pacs_portal.logs import PlaceOnlyFormatter, RouteOnlyFilter

NAME = "Quandtmeier"


@pytest.fixture
def logged() -> io.StringIO:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(PlaceOnlyFormatter())
    handler.addFilter(RouteOnlyFilter())
    logging.getLogger("django").addHandler(handler)
    yield stream
    logging.getLogger("django").removeHandler(handler)


def test_a_refused_form_is_logged_by_its_route(db, logged):
    client = Client(enforce_csrf_checks=True)
    assert client.post(f"/projects/{NAME}/settings/").status_code == 403
    assert "projects/<slug:key>/settings/" in logged.getvalue()
    assert NAME not in logged.getvalue()


def test_the_portal_logs_by_this_filter(settings):
    assert settings.LOGGING["handlers"]["console"]["filters"] == ["route"]


def test_the_server_does_not_quote_malformed_requests(tmp_path):
    command = portal_service(Site(data=tmp_path, port=8000), {}).command
    assert command[command.index("--log-level") + 1] == "error"
