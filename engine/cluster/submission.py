"""Handing a command to Slurm, through submitit."""

import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from submitit import SlurmExecutor
from submitit.core.utils import CommandFunction, DelayedSubmission, UncompletedJobError

from ..base.errors import UserError
from ..base.workspace import PACKAGE
from .queue import SilentError
from .settings import Cluster

_MOST_TIMES = 1000
"""How often a job may reach its time limit and be queued again."""

_REFUSALS = {
    "invalid partition": "There is no partition {cluster.partition!r}, or it is closed to you",
    "invalid account": "Slurm refuses the account {account}: it is unknown, or closed to you in "
    "the partition {cluster.partition!r}",
    "invalid qos": "Slurm refuses the qos {cluster.qos!r}",
    "memory specification": "No node of the partition {cluster.partition!r} has so much memory",
    "node configuration is not available": "No node of the partition {cluster.partition!r} has so "
    "many cores and GPUs, so much memory, or that constraint",
    "invalid feature": "No node meets the constraint {cluster.constraint!r}",
    "invalid generic resource": "The cluster knows no GPUs by that word, or has none",
    "time limit": "The partition {cluster.partition!r} does not allow so much time",
    "unable to contact": "Slurm does not answer",
    "socket timed out": "Slurm does not answer",
}
"""What `sbatch` says, in lower case, and a sentence for it."""


_SILENT = ("unable to contact", "socket timed out")


class Command(CommandFunction):
    """A command for a node; one that is cut off by its time limit is queued again.

    This is what submitit pickles: words.
    """

    def checkpoint(self) -> DelayedSubmission:
        """What to do when it is queued again: the same."""
        return DelayedSubmission(self)


def python_words(cluster: Cluster, module: str, *words: str) -> list[str]:
    """A command that runs a module of this package on a node.

    Args:
        cluster: whose Python it is.
        module: without the package's name, such as `runs.node`.
        words: its arguments.
    """
    return [cluster.python or sys.executable, "-m", f"{PACKAGE.name}.{module}", *words]


def submit(
    words: Sequence[str],
    name: str,
    cluster: Cluster,
    folder: Path,
    *,
    without: Sequence[str] = (),
    after: str = "",
    beside: str = "",
    tasks: int = 1,
) -> str:
    """Submit a command; returns the job's id.

    Args:
        words: the command.
        name: of the job.
        cluster: what to ask for.
        folder: of its own, visible to the nodes; what was in it goes.
        without: nodes that it is not to run on.
        after: the id of a job that has to end first, well or not.
        beside: the id of a job that has to have started.
        tasks: several carry it out, as an array of jobs.

    Raises:
        UserError: when Slurm does not take it.
        SilentError: when it does not answer; the job may be there all the same.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    dependency = f"afterany:{after}" if after else f"after:{beside}" if beside else None
    try:
        executor = SlurmExecutor(
            folder,
            max_num_timeout=_MOST_TIMES,
            python=shlex.quote(cluster.python or sys.executable),
        )
        executor.update_parameters(**_parameters(name, cluster, without, dependency))
        if tasks == 1:
            return str(executor.submit(Command([*words], verbose=False)).job_id)
        with executor.batch():
            jobs = [executor.submit(Command([*words], verbose=False)) for _ in range(tasks)]
        return str(jobs[0].job_id).partition("_")[0]
    except FileNotFoundError as error:
        raise UserError(_no_slurm()) from error
    except UncompletedJobError as error:
        silent = any(words in str(error).lower() for words in _SILENT)
        raise (SilentError if silent else UserError)(refusal(str(error), cluster)) from error
    except RuntimeError as error:
        raise UserError(_no_slurm() if "srun" in str(error) else str(error)) from error


def refusal(said: str, cluster: Cluster) -> str:
    """A sentence for what `sbatch` says when it refuses a job."""
    lines = [line.strip() for line in said.splitlines() if "error" in line.lower()]
    quoted = lines[0] if lines else (said.strip().splitlines() or ["nothing"])[-1]
    account = repr(cluster.account) if cluster.account else "that it takes for you (none is named)"
    for words, sentence in _REFUSALS.items():
        if words in said.lower():
            known = sentence.format(cluster=cluster, account=account)
            return f"{known}. Mend cluster.yaml. Slurm says: {quoted}"
    return f"Slurm refuses the job: {quoted}"


def _parameters(
    name: str, cluster: Cluster, without: Sequence[str], dependency: str | None
) -> dict[str, object]:
    """The parameters of submitit's executor."""
    return {
        "job_name": name,
        "partition": cluster.partition,
        "time": cluster.time,
        "cpus_per_task": cluster.cpus,
        "gpus_per_node": _gpus(cluster),
        "account": cluster.account,
        "qos": cluster.qos,
        "constraint": cluster.constraint,
        "exclude": ",".join(without) or None,
        "dependency": dependency,
        "setup": cluster.setup,
        # Slurm gives a step one core unless it is told again.
        "srun_args": [f"--cpus-per-task={cluster.cpus}"],
        # Whatever is on the way when the limit comes is kept: seconds are enough to say so.
        "signal_delay_s": 30,
        "additional_parameters": {
            "mem": f"{cluster.memory}M",
            "chdir": PACKAGE.parent,
            "requeue": True,
        },
    }


def _gpus(cluster: Cluster) -> str | int | None:
    """The devices of a node, as Slurm's option says them."""
    if cluster.gpus and cluster.gpu_type:
        return f"{cluster.gpu_type}:{cluster.gpus}"
    return cluster.gpus or None


def _no_slurm() -> str:
    return (
        "There is no sbatch on this machine: log in where the cluster's jobs are submitted, or "
        "load the module that brings Slurm's commands."
    )
