"""The options of a job: what identifies nobody stands open, the rest is sealed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pacs_portal.jobs.models import Job, Runner
from pacs_portal.projects.keys import Label, ProjectKeys, SealingKeys, project_keys, sealing_keys


@dataclass(frozen=True, repr=False)
class JobOptions:
    """What a person chose for a job; `sealed` takes whatever may identify a patient."""

    open: Mapping[str, Any] = field(default_factory=dict)
    sealed: Mapping[str, Any] = field(default_factory=dict)
    runner: Runner = Runner.WORKERS


def seal_options(job: Job, options: Mapping[str, Any]) -> bytes | None:
    """Return `options` sealed for `job`, in the transaction that saves it."""
    if not options:
        return None
    return _seal(job, json.dumps(dict(options)).encode(), sealing_keys(job.project_id))


def options_of(job: Job) -> dict[str, Any]:
    """Return all options of `job`, the sealed ones opened."""
    if job.sealed_options is None:
        return dict(job.options)
    return {**job.options, **json.loads(_unseal(job, project_keys(job.project_id)))}


def renew_options(job: Job, keys: SealingKeys) -> None:
    """Seal the options anew; the caller saves them."""
    job.sealed_options = _seal(job, _unseal(job, keys), keys)


def _seal(job: Job, plain: bytes, keys: SealingKeys) -> bytes:
    return keys.seal(Label.OPTIONS, plain, context=_context(job))


def _unseal(job: Job, keys: ProjectKeys) -> bytes:
    return keys.unseal(Label.OPTIONS, bytes(job.sealed_options or b""), context=_context(job))


def _context(job: Job) -> str:
    return f"job {job.pk}"
