"""Work through tasks in children that may end of one: the others are done all the same.

A child has its share of the memory and its time for each task; what a hostile file makes of it
hurts nobody else. Children start as copies of this process, so tasks need not be sent to them.
"""

import logging
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from multiprocessing.connection import Connection, Pipe, wait
from typing import Generic, TypeVar

from pacs_portal.jobs.bounds import bound_memory, limited_time
from pacs_portal.jobs.processes import die_with

logger = logging.getLogger(__name__)
Task = TypeVar("Task")
Result = TypeVar("Result")
IN_HAND = 2  # tasks that a child has at a time, so that it never waits for the next one
FAILED, OUT_OF_MEMORY = 1, 3  # statuses of a child


class End(Enum):
    """What a task did to its child."""

    TIME = "it took longer than allowed"
    MEMORY = "it took more memory than allowed"
    FAILURE = "it failed in a way nobody foresaw"
    KILLED = "something ended it, twice"


@dataclass(frozen=True)
class Room(Generic[Task]):
    """How many children work at a time, and how many seconds a task may take."""

    processes: int
    seconds: Callable[[Task], float]


@dataclass(eq=False)
class _Child:
    pid: int
    connection: Connection
    given: deque[int] = field(default_factory=deque)


def in_children(
    tasks: Sequence[Task], work: Callable[[Task], Result], room: Room[Task]
) -> Iterator[tuple[int, Result | End]]:
    """Yield the number of each task with its result, or with what it did to its child.

    Where something from outside ends a child, its task gets a second try. When the caller stops
    before the end, the children are ended with what they have in hand.
    """
    crew = _Crew(tasks, work, room)
    try:
        yield from crew.results()
    finally:
        crew.end_all()


class _Crew(Generic[Task, Result]):
    """The children and the tasks that wait for one."""

    def __init__(
        self, tasks: Sequence[Task], work: Callable[[Task], Result], room: Room[Task]
    ) -> None:
        self._tasks, self._work, self._room = tasks, work, room
        self._waiting = deque(range(len(tasks)))
        self._tried: set[int] = set()
        self._children: dict[Connection, _Child] = {}

    def results(self) -> Iterator[tuple[int, Result | End]]:
        while self._is_unfinished():
            while self._waiting and len(self._children) < self._room.processes:
                self._give(self._start())
            for connection in wait(list(self._children)):
                child = self._children[connection]  # type: ignore[index]
                yield from self._take(child)

    def end_all(self) -> None:
        """End every child; one that is done already says nothing any more."""
        for child in self._children.values():
            os.kill(child.pid, signal.SIGKILL)
        for child in self._children.values():
            os.waitpid(child.pid, 0)
            child.connection.close()

    def _is_unfinished(self) -> bool:
        return bool(self._waiting or any(child.given for child in self._children.values()))

    def _give(self, child: _Child) -> None:
        while self._waiting and len(child.given) < IN_HAND:
            child.given.append(self._waiting.popleft())
            try:
                child.connection.send(child.given[-1])
            except OSError:  # it ended meanwhile, which its end of the line tells next
                return

    def _take(self, child: _Child) -> Iterator[tuple[int, Result | End]]:
        try:
            number, result = child.connection.recv()
        except (EOFError, OSError):
            yield from self._bury(child)
            return
        child.given.popleft()
        self._give(child)
        yield number, result

    def _bury(self, child: _Child) -> Iterator[tuple[int, End]]:
        """Blame the task in hand; the one behind it goes to another child."""
        del self._children[child.connection]
        child.connection.close()
        _, status = os.waitpid(child.pid, 0)
        if not child.given:
            return
        number, *untouched = child.given
        self._waiting.extendleft(reversed(untouched))
        end = _end_of(status)
        if end is End.KILLED and number not in self._tried:
            self._tried.add(number)
            self._waiting.appendleft(number)
            return
        yield number, end

    def _start(self) -> _Child:
        ours, theirs = Pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        # What Python itself does after a fork would swallow a Ctrl-C that comes meanwhile.
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        pid = os.fork()
        if not pid:
            _live(parent, lambda: self._serve(theirs))
        child = self._children[ours] = _Child(pid, ours)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        theirs.close()
        return child

    def _serve(self, connection: Connection) -> None:
        bound_memory(self._room.processes)
        while True:
            number = connection.recv()
            with limited_time(self._room.seconds(self._tasks[number])):
                result = self._work(self._tasks[number])
            connection.send((number, result))


def _live(parent: int, work: Callable[[], None]) -> None:
    """Be a child until it ends; what the parent set up to run at its exit is not the child's."""
    status = FAILED
    try:
        die_with(parent)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        work()
    except MemoryError:
        status = OUT_OF_MEMORY
    finally:
        if status == FAILED:
            logger.error("a tool failed unforeseen", exc_info=sys.exc_info())
        os._exit(status)


def _end_of(status: int) -> End:
    if os.WIFSIGNALED(status):
        return End.TIME if os.WTERMSIG(status) == signal.SIGALRM else End.KILLED
    return End.MEMORY if os.waitstatus_to_exitcode(status) == OUT_OF_MEMORY else End.FAILURE
