"""The step "keep": what no tool takes stays with the project as it is, if the person wants so.

Nothing can take names out of such a file. So where a project takes no identities a data steward
decides: by her own job, or about each file that somebody else brings.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_noop

from pacs_portal.accounts.models import User
from pacs_portal.jobs.models import Job, Outcome
from pacs_portal.jobs.steps import (
    Plan,
    PlannedUnit,
    StepFile,
    StepResult,
    UnitContext,
    Verdict,
    plan_alone,
)
from pacs_portal.jobs.verdicts import verdicts_on
from pacs_portal.projects.models import Project

NAME = "keep"
CAUSE = "companion"
NEEDS_STEWARD = gettext_noop(
    "Names cannot be taken out of this file, so a data steward decides whether the project keeps "
    "it. Members will read it as it is."
)


class KeepStep:
    """Lets files pass as they are, once a data steward is answerable for them."""

    name = NAME
    is_guard = True  # its files go with the project's companions, never into the archive

    def refusal(self, kind: str) -> tuple[str, str] | None:
        """Return None: whatever nobody else takes can be kept."""
        return None

    def plan(self, job: Job, files: Sequence[StepFile], options: Mapping[str, Any]) -> Plan:
        """Let each file stand for itself."""
        return plan_alone(files)

    def prepare(self, job: Job, unit: PlannedUnit) -> PlannedUnit:
        """Return the unit as it is."""
        return unit

    def run(self, context: UnitContext, files: Sequence[StepFile]) -> StepResult:
        """Pass on what may be kept; the rest is held."""
        passed: list[StepFile] = []
        verdicts: list[Verdict] = []
        is_free = may_decide(context.job.created_by, context.job.project)
        for file in files:
            if is_free or CAUSE in context.ruling_for(file).accepted:
                passed.append(file)
            else:
                verdicts += verdicts_on(file, Outcome.HELD, CAUSE, NEEDS_STEWARD, NAME)
        return StepResult(tuple(passed), tuple(verdicts))


def may_decide(user: User | None, project: Project) -> bool:
    """Tell whether nobody else has to look at what `user` keeps with `project`."""
    if project.accepts_identified:
        return True
    stewarded = Project.objects.stewarded_by(user) if user else Project.objects.none()
    return stewarded.filter(pk=project.pk).exists()
