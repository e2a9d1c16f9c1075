"""One trial: what is killed, when and how, is drawn by its number; then it is carried out."""

import os
import random
import tempfile
import time
import traceback
from functools import cache
from pathlib import Path

from bench.kills import operations, training
from bench.kills.references import References, read
from bench.kills.scene import POWER_CUT, LostError, scene

SHARES = {"training": 0.5, "command": 0.43, "server": 0.07}
"""Of the kinds of trials."""


def carry_out(work: tuple[str, int, int, str]) -> dict:
    """One trial, in this process.

    Args:
        work: the folder of the references, the seed, the trial's number, and the one kind of trial
            that is wanted; empty for any.
    """
    folder, seed, number, only = work
    references = _references(folder)
    chance = random.Random(f"kills {seed} {number}")
    kind = chance.choices([*SHARES], [*SHARES.values()])[0]
    plan = _drawn(only or kind, references, chance)
    words = {"number": number, "kind": only or kind, "who": plan.who, "how": plan.how}
    words["what"] = getattr(plan, "title", None) or _title(plan)
    words["moment"] = list(plan.moment)
    place = Path(tempfile.mkdtemp(prefix=f"kills-{number}-", dir=memory()))
    began = time.monotonic()
    try:
        with scene(place, plan.how == POWER_CUT) as where:
            if isinstance(plan, training.Training):
                found = plan.carry_out(where, references.trained[plan.parallel], chance)
            elif isinstance(plan, operations.Disturbed):
                undisturbed = references.commands[plan.title]
                found = plan.carry_out(
                    where, references.template, references.trained["none"], undisturbed, chance
                )
            else:
                found = plan.carry_out(where, references.trained["none"], chance)
        failure = ""
    except LostError as error:
        found, failure = {}, str(error)
    except Exception:
        found, failure = {}, traceback.format_exc()
    return {**words, **found, "failure": failure, "seconds": round(time.monotonic() - began, 1)}


def _drawn(kind: str, references: References, chance: random.Random):
    if kind == "training":
        return training.drawn(chance, references.trained, references.cuts)
    if kind == "command":
        return operations.drawn(chance, references.commands, references.cuts)
    from bench.kills import server

    return server.drawn(chance, references.trained["none"], references.cuts)


def _title(plan) -> str:
    if not isinstance(plan, training.Training):
        return "the web server"
    ways = {"none": "training", "folds": "training by folds", "ddp": "training by ddp"}
    return ways[plan.parallel] + (", pausing" if plan.paused else "")


@cache
def _references(folder: str) -> References:
    return read(Path(folder))


def memory() -> str | None:
    """Where files lie in memory, so that the machine's own disk plays no part."""
    shared = "/dev/shm"  # noqa: S108
    return shared if os.access(shared, os.W_OK) else None
