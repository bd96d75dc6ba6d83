"""What pages say where the gate to identities (gate.py) refuses, or wants a second person."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from pacs_portal.accounts.models import User
from pacs_portal.projects.context import project_context
from pseudonymizer.disclosure.approvals import Matter, approval_of, needs_two, open_request
from pseudonymizer.errors import ApprovalNeededError, TooManyError
from pseudonymizer.forms import AskForm

Arguments = ParamSpec("Arguments")
View = Callable[Concatenate[HttpRequest, Arguments], HttpResponseBase]


def discloses(view: View[Arguments]) -> View[Arguments]:
    """Let a view that shows identities answer with a page of its own where the gate refuses."""

    @wraps(view)
    def guarded(
        request: HttpRequest, /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except TooManyError as error:
            return _too_many(request, error)
        except ApprovalNeededError as error:
            return _approval_needed(request, error)

    return guarded


def approval_context(request: HttpRequest, matter: Matter) -> dict[str, Any]:
    """Return what `_approval.html` needs to say how it stands with the approval of `matter`."""
    if not needs_two(matter.project):
        return {"is_permitted": True}
    by = cast(User, request.user)
    given = approval_of(matter, by=by)
    return {
        "is_permitted": given is not None,
        "given": given,
        "asked": open_request(matter, by=by),
        "form": AskForm.about(matter),
        "kind": matter.kind,
    }


def _too_many(request: HttpRequest, error: TooManyError) -> HttpResponse:
    seconds = int(error.within.total_seconds())
    context = {"minutes": -(-seconds // 60)}
    response = render(request, "pseudonymizer/too_many.html", context, status=429)
    response["Retry-After"] = str(seconds)
    return response


def _approval_needed(request: HttpRequest, error: ApprovalNeededError) -> HttpResponse:
    context = {
        **project_context(request, error.matter.project, "registry"),
        "approval": approval_context(request, error.matter),
        "matter": error.matter,
    }
    return render(request, "pseudonymizer/approval_needed.html", context, status=403)
