"""The processes that answer calls, and the line of calls that wait for them.

Calls that ask the same of a model are answered together: 50 repeat units at once take as long as
six alone, and a polymer has the same answer whatever is predicted beside it.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ..base.errors import UserError
from ..base.limited import LimitedProcess, LimitError
from .replies import BusyError, LateError

TOGETHER = 64
"""Rows of several calls that are answered together; a call with more is answered alone."""

_SHARE_TOGETHER = 1 / 3
"""Of the processor time of a call, what several of them have together: they take a tenth of it, and
one that runs away should not use up the time of the others."""

_MEMORY = 4 * 2**30
"""Bytes that a process may gain within one piece of work; a model that it loads is among them."""

_RETRY = 1


@dataclass(eq=False)
class _Call:
    """A call that waits for its answers, one for each row.

    Attributes:
        function, shared, rows: what is called, and with what.
        is_alone: whether it is not answered together with others.
        is_suspect: whether it was answered together with others, and one of them took too much.
        answers: that are waited for; done as well when nobody waits any longer.
    """

    function: Callable[..., list]
    shared: tuple[Hashable, ...]
    rows: Sequence[str]
    is_alone: bool
    is_suspect: bool = False
    answers: asyncio.Future[list] = field(default_factory=lambda: _future())

    @property
    def is_given_up(self) -> bool:
        """Whether nobody waits for it any longer."""
        return self.answers.done()

    def goes_with(self, other: "_Call") -> bool:
        """Whether two calls can be answered together."""
        is_alone = self.is_alone or other.is_alone
        return not is_alone and (self.function, self.shared) == (other.function, other.shared)


def _future() -> asyncio.Future[list]:
    return asyncio.get_running_loop().create_future()


class Line:
    """Processes that answer calls one after another, and no more waiting calls than there may be.

    A process in which a repeat unit takes too much time or memory is ended and started anew.
    """

    def __init__(
        self,
        workers: int,
        most_waiting: int,
        call_seconds: float,
        cpu_seconds: float,
        first: Callable[[], Any] | None = None,
    ) -> None:
        """Say what there is; no process is started yet.

        Args:
            workers: the number of processes.
            most_waiting: calls that may wait while all processes are at work.
            call_seconds: after so long, a call is given up, waiting included.
            cpu_seconds: processor time that a call may take.
            first: what a process does before its first work.
        """
        self._processes = [LimitedProcess(cpu_seconds, _MEMORY, first) for _ in range(workers)]
        self._most_waiting, self._seconds = most_waiting, call_seconds
        self._cpu_seconds = cpu_seconds
        self._waiting: deque[_Call] = deque()
        self._come = asyncio.Condition()
        self._threads = ThreadPoolExecutor(workers, "calls")
        self._tasks: list[asyncio.Task] = []

    def open(self, warm_up: Callable[[], Any] | None = None) -> None:
        """Let the processes answer.

        Args:
            warm_up: their first work; without, each starts with its first call.
        """
        self._tasks = [
            asyncio.create_task(self._work(process, warm_up)) for process in self._processes
        ]

    async def close(self) -> None:
        """End the processes; what is being answered is ended first."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        for process in self._processes:
            process.close()
        self._threads.shutdown(cancel_futures=True)

    async def ask(
        self,
        function: Callable[..., list],
        shared: tuple[Hashable, ...],
        rows: Sequence[str],
        is_alone: bool = False,
    ) -> list:
        """What a function answers of some rows, in a process.

        Args:
            function: of a module, called with what is shared and with rows; gives plain data for
                each row.
            shared: its first arguments; calls with the same ones may be answered together.
            rows: of the call.
            is_alone: whether the call is not answered together with others.

        Raises:
            UserError: what the function raises of that kind; when a row takes too much time or
                memory; when too many calls wait already; or when the call takes too long.
        """
        if len(self._waiting) >= self._most_waiting:
            raise BusyError("As many calls wait already as may wait: ask again later.", _RETRY)
        call = _Call(function, shared, rows, is_alone)
        async with self._come:
            self._waiting.append(call)
            self._come.notify()
        try:
            async with asyncio.timeout(self._seconds):
                return await call.answers
        except TimeoutError:
            raise LateError(
                f"It was not answered within {self._seconds:g} seconds: ask for fewer repeat units."
            ) from None
        finally:
            with suppress(ValueError):  # it is being answered, or is
                self._waiting.remove(call)

    async def _work(self, process: LimitedProcess, warm_up: Callable[[], Any] | None) -> None:
        """The life of a process."""
        with suppress(Exception):  # the first call will say what is wrong
            if warm_up:
                await self._in_thread(process.run, warm_up)
        while True:
            async with self._come:
                await self._come.wait_for(lambda: self._waiting)
                calls = self._next()
            await self._answer(process, calls)

    def _next(self) -> list[_Call]:
        """The call that has waited longest, and those that can be answered with it.

        No more than its share of all: the other processes would have nothing to do.
        """
        share = -(-sum(len(call.rows) for call in self._waiting) // len(self._processes))
        most = min(share, TOGETHER)
        calls = [self._waiting.popleft()]
        rows = len(calls[0].rows)
        for call in [*self._waiting]:
            if call.goes_with(calls[0]) and rows + len(call.rows) <= most:
                self._waiting.remove(call)
                calls.append(call)
                rows += len(call.rows)
        return calls

    async def _answer(self, process: LimitedProcess, calls: Sequence[_Call]) -> None:
        first, rows = calls[0], [row for call in calls for row in call.rows]
        seconds = self._cpu_seconds
        if first.is_suspect or len(calls) > 1:
            seconds *= _SHARE_TOGETHER
        try:
            answers = await self._in_thread(
                process.run_within, seconds, first.function, *first.shared, rows
            )
        except LimitError as error:
            if first.is_suspect or len(calls) > 1:
                await self._try_alone(calls)
            else:
                _refuse(calls, UserError(f"It could not be answered: {error}."))
        except Exception as error:
            _refuse(calls, error)
        else:
            for call in calls:
                own, answers = answers[: len(call.rows)], answers[len(call.rows) :]
                if not call.is_given_up:
                    call.answers.set_result(own)

    async def _try_alone(self, calls: Sequence[_Call]) -> None:
        """Put calls in line once more, of which one took too much and the others are not to blame.

        Each by itself, before all others, with little time; the one that takes too much again is
        put behind them, with all the time of a call.
        """
        left = [call for call in calls if not call.is_given_up]
        async with self._come:
            for call in reversed(left):
                call.is_alone, call.is_suspect = True, not call.is_suspect
                if call.is_suspect:
                    self._waiting.appendleft(call)
                else:
                    self._waiting.append(call)
            self._come.notify(len(left))

    async def _in_thread(self, function: Callable, *arguments: Any) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, function, *arguments)


def _refuse(calls: Sequence[_Call], error: Exception) -> None:
    for call in calls:
        if not call.is_given_up:
            call.answers.set_exception(error)
