import os
import time

import pytest

from engine.base.errors import UserError
from engine.base.limited import LimitedProcess, LimitError


def answer(number: float) -> float:
    return number + 1


def work_without_end() -> None:
    while True:
        pass


def take_memory() -> None:
    taken = bytearray(2**29)
    taken[::4096] = b"x" * len(taken[::4096])
    time.sleep(5)


def end_process() -> None:
    os.abort()


def refuse() -> None:
    raise UserError("Row 3 is no polymer.")


def fail() -> None:
    raise KeyError("missing")


@pytest.fixture(scope="module")
def limited():
    process = LimitedProcess(cpu_seconds=1, memory=2**27)
    yield process
    process.close()


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (work_without_end, "more than 1 seconds"),
        (take_memory, "more than 128 MB"),
        (end_process, "ended its process"),
    ],
)
def test_what_runs_away_ends_the_child_alone(limited, function, says):
    with pytest.raises(LimitError, match=says):
        limited.run(function)
    assert limited.run(answer, 1.5) == 2.5


def test_what_the_work_raises_is_told(limited):
    with pytest.raises(UserError, match=r"Row 3 is no polymer\."):
        limited.run(refuse)
    with pytest.raises(RuntimeError, match="missing"):
        limited.run(fail)
    assert limited.run(answer, 1) == 2
