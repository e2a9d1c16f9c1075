"""What Slurm says of its partitions and of a user's jobs, and how a job is ended."""

import getpass
import subprocess
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..base.errors import UserError
from ..base.plain_files import first_line

_SECONDS = 30
"""How long a command of Slurm may take."""

_NO_CONTROLLER = ("resolve_ctls", "configuration source", "Unable to contact slurm controller")
"""What commands say that find no controller of a cluster."""

WAITING = {"PENDING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "RESV_DEL_HOLD", "SPECIAL_EXIT"}
WORKING = {"RUNNING", "CONFIGURING", "SUSPENDED", "STOPPED", "SIGNALING", "RESIZING", "STAGE_OUT"}
"""Slurm's words for the states of jobs. What is in neither has ended, or is about to."""
_ENDING = {"COMPLETING"}

_WAITS = {
    "Priority": "other jobs are to start before it",
    "Resources": "no node is free that has all it asks for",
    "BeginTime": "it was queued again, and starts anew in a moment",
    "None": "Slurm has not looked at it yet",
    "Dependency": "another job has to end first",
    "PartitionDown": "the partition takes no jobs now",
    "PartitionConfig": "the partition has no node with so many cores and GPUs, or so much memory",
    "PartitionInactive": "the partition starts no jobs now",
    "PartitionNodeLimit": "the partition has too few nodes for what it asks for, or they are down",
    "PartitionTimeLimit": "it asks for more time than the partition allows; lower time",
    "ReqNodeNotAvail": "a node that it needs is down or reserved",
    "NodeDown": "a node that it needs is down",
    "JobHeldUser": "somebody holds it; `scontrol release` lets it go",
    "JobHeldAdmin": "an administrator holds it",
    "BadConstraints": "no node meets its constraint",
    "InvalidAccount": "the account is unknown",
    "InvalidQOS": "the qos is unknown",
    "Licenses": "a licence is not free",
    "launch failed requeued held": "its node could not start it, and Slurm holds it",
}
_NEVER = {"PartitionConfig", "PartitionTimeLimit", "BadConstraints", "InvalidAccount", "InvalidQOS"}
"""Reasons that only another description of the job mends."""
_LIMITS = ("QOS", "Assoc", "Max")
_ENDS = {
    "TIMEOUT": "it took longer than cluster.yaml asks for (time)",
    "OUT_OF_MEMORY": "it took more memory than cluster.yaml asks for",
    "CANCELLED": "it was cancelled from outside (`scancel`, or an administrator)",
    "NODE_FAIL": "its node failed",
    "BOOT_FAIL": "its node could not be started",
    "PREEMPTED": "another job took its place",
    "DEADLINE": "its deadline has passed",
}


class SilentError(UserError):
    """Slurm does not answer now; it may later."""


class Job(NamedTuple):
    """A job as `squeue` shows it.

    Attributes:
        state: Slurm's word, such as `PENDING`.
        reason: Slurm's word for why it waits.
        node: where it runs, or ran; empty before it did.
        name: that it was given.
    """

    state: str
    reason: str
    node: str
    name: str

    @property
    def ended(self) -> bool:
        """Whether it will do nothing more."""
        return self.state not in WAITING | WORKING | _ENDING

    @property
    def is_hopeless(self) -> bool:
        """Whether it waits for what will not come."""
        return self.state in WAITING and self._plain_reason in _NEVER

    @property
    def _plain_reason(self) -> str:
        return self.reason.strip("()").partition(",")[0]

    @property
    def why_it_waits(self) -> str:
        """Slurm's reason, in words where it is a known one."""
        plain = self._plain_reason
        words = _WAITS.get(plain)
        if words is None and plain.startswith(_LIMITS):
            words = "a limit of the account or of the qos is reached"
        return f"{plain}: {words}" if words else plain

    @property
    def how_it_ended(self) -> str:
        """Its last state, in words where it is a known one."""
        return f"{self.state}: {_ENDS[self.state]}" if self.state in _ENDS else self.state


def jobs_of_user() -> dict[str, Job]:
    """All jobs of this user that Slurm knows, by their ids; those that ended minutes ago too.

    Raises:
        UserError: when Slurm does not answer.
    """
    lines = said_by(
        "squeue",
        "--noheader",
        "--array",
        "--states=all",
        f"--user={getpass.getuser()}",
        "--format=%i|%T|%r|%N|%j",
    ).splitlines()
    rows = [line.split("|", 4) for line in lines if line.count("|") >= 4]
    return {row[0].strip(): Job(*(part.strip() for part in row[1:])) for row in rows}


def job_of_name(name: str, known: Mapping[str, Job]) -> str | None:
    """The id of the job of a name that has not ended; None where there is none.

    Args:
        name: that it was given.
        known: as `jobs_of_user` has them.
    """
    return next((job for job, each in known.items() if each.name == name and not each.ended), None)


def partitions() -> list[str]:
    """The names of the partitions.

    Raises:
        UserError: when Slurm does not answer.
    """
    return sorted({*said_by("sinfo", "--noheader", "--format=%R").split()})


def other_nodes(partition: str, without: Sequence[str]) -> list[str]:
    """The nodes of a partition that take jobs, without some.

    Raises:
        UserError: when Slurm does not answer.
    """
    states = "--states=idle,alloc,mix,comp"
    words = said_by("sinfo", "--noheader", f"--partition={partition}", states, "-N", "--format=%N")
    return sorted({*words.split()} - {*without})


def cancel(job: str, name: str) -> None:
    """End a job: it is told to, and killed after a while.

    Args:
        job: its id.
        name: that it was given. Ids are used again: a job of another name is left alone.

    Raises:
        UserError: when Slurm does not answer.
    """
    known = jobs_of_user().get(job)
    if known and known.name == name and not known.ended:
        said_by("scancel", job)


def cancel_all(name: str) -> None:
    """End all jobs of a name.

    Raises:
        UserError: when Slurm does not answer.
    """
    said_by("scancel", f"--user={getpass.getuser()}", f"--name={name}")


def said_by(*words: str) -> str:
    """What a command of Slurm prints.

    Raises:
        UserError: when there is no such command.
        SilentError: when it fails, or takes too long.
    """
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, errors="replace", timeout=_SECONDS
        )
    except FileNotFoundError as error:
        raise UserError(
            f"There is no {words[0]} on this machine: log in where the cluster's jobs are "
            "submitted, or load the module that brings Slurm's commands."
        ) from error
    except subprocess.TimeoutExpired as error:
        raise SilentError(f"Slurm's {words[0]} has not answered for {_SECONDS} s.") from error
    if done.returncode:
        said = first_line(RuntimeError(done.stderr.strip() or f"exit code {done.returncode}"))
        if any(words in done.stderr for words in _NO_CONTROLLER):
            raise SilentError(
                f"No Slurm answers on this machine: {words[0]} is here, and no cluster that it "
                f"belongs to. Log in where the cluster's jobs are submitted. Slurm says: {said}"
            )
        raise SilentError(f"Slurm's {words[0]} failed: {said}")
    return done.stdout
