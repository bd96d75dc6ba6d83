import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def _few_sign_ins() -> None:
    """Let each test begin with none of the sign-ins that the portal allows in a minute."""
    cache.clear()


@pytest.fixture
def other_project(owner):
    """A project whose key starts alike, so that its pseudonyms do too."""
    from pacs_portal.projects.services import NewProject, create_project

    return create_project(NewProject("heart-2", "Another study"), actor=owner, owner=owner)
