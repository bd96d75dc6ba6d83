"""The profiles of projects: versions, who may save which, and which one a job uses."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_noop

from pacs_portal.accounts.models import User
from pacs_portal.jobs.models import Job
from pacs_portal.jobs.options import options_of
from pacs_portal.projects.models import Project, Role
from pacs_portal.projects.services import holds, record_in
from pseudonymizer.engine import Profile, ProfileSpec, build_profile, is_looser
from pseudonymizer.engine.spec import DEFAULT_SPEC, parse_spec
from pseudonymizer.errors import ProfileChangedError, ProfileError
from pseudonymizer.models import ProfileVersion

DEFAULT_NUMBER = 0
DEFAULT_NAME = "default"
NAME_OPTION = "profile_name"  # of a job, where a command named one

NO_SUCH_PROFILE = gettext_noop(
    "There is no such profile. Give “default” or a version number of the project's profile."
)
CHANGED_MEANWHILE = gettext_noop(
    "Somebody saved another version meanwhile. Compare it with yours below, then save again."
)
NOTHING_CHANGED = gettext_noop("Nothing changed, so there is nothing to save.")
NOT_YOURS = gettext_noop("Only owners and data stewards may change the profile.")
STEWARD_ONLY = gettext_noop(
    "This lets more of the files through than before. Only a data steward may do that."
)
REASON_NEEDED = gettext_noop("This lets more of the files through than before. Say why.")


@dataclass(frozen=True)
class NumberedProfile:
    """A version of a project's profile; number 0 is the portal's default."""

    number: int
    spec: ProfileSpec

    @property
    def profile(self) -> Profile:
        """The rules that follow from it."""
        return build_profile(self.spec)


@dataclass(frozen=True)
class ProfileChange:
    """What a person wants to save, and the version she began from."""

    spec: ProfileSpec
    based_on: int
    reason: str = ""


DEFAULT = NumberedProfile(DEFAULT_NUMBER, DEFAULT_SPEC)


def newest_profile(project_id: UUID) -> NumberedProfile:
    """Return the profile that the project's next job uses."""
    version = ProfileVersion.objects.filter(project=project_id).first()
    return _numbered(version) if version else DEFAULT


def profile_numbered(project_id: UUID, number: int) -> NumberedProfile:
    """Return one version, or raise ProfileError."""
    if number == DEFAULT_NUMBER:
        return DEFAULT
    version = ProfileVersion.objects.filter(project=project_id, number=number).first()
    if version is None:
        raise ProfileError(NO_SUCH_PROFILE)
    return _numbered(version)


def known_profiles(project_id: UUID) -> Iterator[NumberedProfile]:
    """Yield every version that the project ever had, the newest first, the default last."""
    for version in ProfileVersion.objects.filter(project=project_id):
        yield _numbered(version)
    yield DEFAULT


def profile_named(project_id: UUID, name: str) -> NumberedProfile:
    """Return the profile that a person calls "default" or by its number."""
    if name == DEFAULT_NAME:
        return DEFAULT
    if not (name.isascii() and name.isdigit() and len(name) < 10):
        raise ProfileError(NO_SUCH_PROFILE)
    return profile_numbered(project_id, int(name))


def may_edit(project: Project, user: User) -> bool:
    """Tell whether `user` may tighten the profile; loosening takes a steward."""
    return holds(project, user, Role.OWNER) or holds(project, user, Role.STEWARD)


def save_profile(project: Project, change: ProfileChange, *, by: User) -> ProfileVersion:
    """Add a version to the project's profile.

    Raises
    ------
    ProfileChangedError
        If another version was saved since the person began.
    ProfileError
        If nothing changed, or she may not save this change.
    """
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)  # one writer at a time
        current = newest_profile(project.pk)
        if current.number != change.based_on:
            raise ProfileChangedError(CHANGED_MEANWHILE)
        is_loosening = is_looser(change.spec, current.spec)
        _check(project, change, current, is_loosening, by)
        version = ProfileVersion(
            project=project,
            number=current.number + 1,
            spec=change.spec.as_json(),
            reason=change.reason,
            is_loosening=is_loosening,
            created_by=by,
        )
        version.save()
        record_in(
            project,
            by,
            "profile.loosened" if is_loosening else "profile.changed",
            version,
            number=version.number,
        )
    return version


def fix_profile(job: Job) -> None:
    """Decide once which version a job uses, whatever is saved while it runs or before a retry."""
    if "profile_number" in job.options:
        return
    name = options_of(job).get(NAME_OPTION)
    chosen = profile_named(job.project_id, name) if name else newest_profile(job.project_id)
    job.options = {
        **job.options,
        "profile": chosen.profile.version,
        "profile_number": chosen.number,
    }
    job.save(update_fields=["options"])


def version_of(job: Job) -> NumberedProfile:
    """Return the version that was fixed for `job`."""
    return profile_numbered(job.project_id, job.options.get("profile_number", DEFAULT_NUMBER))


def profile_of(job: Job) -> Profile:
    """Return the rules that were fixed for `job`."""
    return version_of(job).profile


def _check(
    project: Project, change: ProfileChange, current: NumberedProfile, is_loosening: bool, by: User
) -> None:
    if not may_edit(project, by):
        raise ProfileError(NOT_YOURS)
    if change.spec == current.spec:
        raise ProfileError(NOTHING_CHANGED)
    if is_loosening and not holds(project, by, Role.STEWARD):
        raise ProfileError(STEWARD_ONLY)
    if is_loosening and not change.reason.strip():
        raise ProfileError(REASON_NEEDED)


def _numbered(version: ProfileVersion) -> NumberedProfile:
    return NumberedProfile(version.number, parse_spec(version.spec))
