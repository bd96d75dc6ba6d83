import pytest


@pytest.fixture
def other_project(owner):
    """A project whose key starts alike, so that its pseudonyms do too."""
    from pacs_portal.projects.services import NewProject, create_project

    return create_project(NewProject("heart-2", "Another study"), actor=owner, owner=owner)
