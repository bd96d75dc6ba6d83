"""Two data stewards of a project who need each other; for tests in other processes."""

from pacs_portal.accounts.models import User
from pacs_portal.projects.models import Membership, Project, Role
from pseudonymizer.disclosure.approvals import Matter, ask, decide_request, switch_on
from pseudonymizer.models import Disclosure, Reason

NAMES = ("ada", "eve")


def begin(key: str) -> None:
    """Give the project two stewards, and let it want two people."""
    project = Project.objects.get(key=key)
    users = [User.objects.create_user(f"{name}@example.org", "passphrase") for name in NAMES]
    for user in users:
        Membership.objects.create(project=project, user=user, role=Role.STEWARD)
    switch_on(project, by=users[0])


def approve_export(key: str) -> None:
    """Let one of them ask for an export, and the other one approve it."""
    ada, eve = (User.objects.get(email=f"{name}@example.org") for name in NAMES)
    matter = Matter(Project.objects.get(key=key), Disclosure.EXPORT)
    decide_request(ask(matter, reason=Reason.SAFEKEEPING, by=ada), is_approved=True, by=eve)
