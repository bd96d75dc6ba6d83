import pytest

from pacs_portal.projects.models import Membership, Role


@pytest.fixture
def target(other_project, steward):
    """Another project with the same data steward."""
    Membership.objects.create(project=other_project, user=steward, role=Role.STEWARD)
    return other_project
