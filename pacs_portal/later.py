"""Functions that are imported when they are first called.

Every command starts all tools, and calls hardly any of what they register for pages and workers.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.utils.module_loading import import_string


@cache
def later(path: str) -> Callable[..., Any]:
    """Return what stands for the function or class at the dotted `path` until it is called."""

    def call(*args: Any, **keywords: Any) -> Any:
        return import_string(path)(*args, **keywords)

    call.__name__ = path.rpartition(".")[2]
    return call
