"""What a tool adds to the portal: it registers in AppConfig.ready(), nothing here imports it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

Text = str | Promise


@dataclass(frozen=True)
class ProjectTab:
    """A tab of the project page; `url_name` takes the project key."""

    label: Text
    url_name: str
    for_stewards: bool = False
    count: Callable[[Any], int] | None = None  # of a project: how much waits there


@dataclass(frozen=True)
class StudyAction:
    """Something to do with studies chosen from a project's list; `url_name` takes its key."""

    label: Text
    url_name: str  # gets ?study=<id>&study=<id>
    icon: str
    is_offered: Callable[[Any, Any], bool]  # (user, project)


@dataclass(frozen=True)
class Statement:
    """What a person vouches for about her files; `name` becomes an option of the job."""

    name: str
    label: Text
    sentence: Text


@dataclass(frozen=True)
class JobFact:
    """A line about a job on its page; `url` leads to more."""

    label: Text
    text: Text
    url: str = ""


def no_facts(job: Any) -> tuple[JobFact, ...]:
    """Say nothing about a job."""
    return ()


@dataclass(frozen=True)
class Tool:
    """A tool of the portal: where its pages live and what the home page says of it."""

    name: str  # also the prefix of its addresses: "convert" -> /convert/
    label: Text
    sentence: Text
    icon: str  # id of a symbol in static/portal/icons.svg
    urls: str  # dotted path of its URLconf
    project_urls: str = ""  # dotted path of the URLconf below /projects/<key>/, if any
    tabs: tuple[ProjectTab, ...] = ()
    study_actions: tuple[StudyAction, ...] = ()
    statements: tuple[Statement, ...] = ()
    job_facts: Callable[[Any], tuple[JobFact, ...]] = no_facts  # of any tool's jobs
    outlook: Callable[[], Any] | None = None  # what its step, of the same name, can foresee


_tools: dict[str, Tool] = {}


def register_tool(tool: Tool) -> None:
    """Make `tool` part of the portal."""
    _tools[tool.name] = tool


def tool_named(name: str) -> Tool | None:
    """Return a tool, None if nothing of this name is one."""
    return _tools.get(name)


def statement_names() -> list[str]:
    """Return what people can vouch for, by any tool."""
    return [each.name for tool in _tools.values() for each in tool.statements]


def registered_tools() -> tuple[Tool, ...]:
    """Return the tools in the order they were registered."""
    return tuple(_tools.values())


def facts_of(job: Any) -> list[JobFact]:
    """Return what the tools have to say about a job."""
    return [fact for tool in registered_tools() for fact in tool.job_facts(job)]
