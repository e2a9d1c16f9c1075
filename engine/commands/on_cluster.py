"""Letting a command be carried out on a node of the cluster, and showing what it says there."""

import codecs
import sys
import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from ..base.errors import UserError
from ..base.plain_files import oddity
from ..base.workspace import home, subfolder
from ..cluster.queue import WAITING, Job, SilentError, cancel, cancel_all, job_of_name, jobs_of_user
from ..cluster.settings import Cluster, checked_cluster
from .output import print_line

_SECONDS_BETWEEN = 5.0
"""Of two questions to Slurm."""
_LATE_SECONDS = 10.0
"""By which a network file system may show what a node wrote later than Slurm its end."""


def carry_out_on_slurm(words: list[str], folder: Path, helpers: Sequence[str] = ()) -> int:
    """Carry a command out as one job of Slurm's, and show what it says until it has ended.

    The same command said again, while its job waits or works, shows that job. Ctrl-C cancels it.

    Args:
        words: of the command; it goes on where it was cut off when it is said again.
        folder: where it works.
        helpers: words of a command that helps it, which the other `tasks` of cluster.yaml carry
            out; they end with it.

    Returns:
        The exit code.

    Raises:
        UserError: when Slurm does not take it.
    """
    cluster = checked_cluster().cluster
    key = sha256("\0".join([str(folder), *words]).encode()).hexdigest()[:12]
    own, name = subfolder("slurm", f"command-{key}"), f"polygin-{words[0]}-{key}"
    log = own / "log"
    job = job_of_name(name, jobs_of_user())
    if job is None:
        log.unlink(missing_ok=True)
        job = _submitted(words, cluster, folder, own, name, helpers)
        print_line(f"Slurm's job {job} was submitted; its log is {log}.", stderr=True)
    try:
        ended = _shown(job, log)
    except KeyboardInterrupt:
        cancel(job, name)
        cancel_all(_helpers_name(name))
        raise
    if helpers:
        cancel_all(_helpers_name(name))
    if ended is None or ended.state != "COMPLETED":
        how = ended.how_it_ended if ended else "Slurm knows it no more"
        raise UserError(f"Slurm's job {job} ended ({how}): {log} may tell why.")
    return 0


def _submitted(
    words: Sequence[str],
    cluster: Cluster,
    folder: Path,
    own: Path,
    name: str,
    helpers: Sequence[str],
) -> str:
    # Here: commands that stay on this machine need no submitit.
    from ..cluster.submission import python_words, submit

    def on_node(log: str, words: Sequence[str]) -> list[str]:
        where = [str(home()), str(folder), str(own / log)]
        return python_words(cluster, "cluster.on_node", *where, *words)

    job = submit(on_node("log", words), name, cluster, own / "submitted")
    if helpers and cluster.tasks > 1:
        submit(
            on_node("log-of-helpers", helpers),
            _helpers_name(name),
            cluster,
            own / "submitted-helpers",
            beside=job,
            tasks=cluster.tasks - 1,
        )
    return job


def _helpers_name(name: str) -> str:
    return f"{name}-helpers"


def _shown(job: str, log: Path) -> Job | None:
    """Show a job's log until it has ended; its last state, or None where Slurm has forgotten it."""
    shown, told, asked = 0, "", 0.0
    # A character may be cut where the log ends for now.
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    ended_since: float | None = None
    known: Job | None = None
    while ended_since is None or time.monotonic() - ended_since < _LATE_SECONDS:
        shown += _print_from(log, shown, decoder)
        if ended_since is None and time.monotonic() - asked > _SECONDS_BETWEEN:
            asked, words = time.monotonic(), ""
            try:
                known = jobs_of_user().get(job)
                if known is None or known.ended:
                    ended_since = time.monotonic()
                elif known.state in WAITING:
                    words = f"Slurm's job {job} waits. {known.why_it_waits}."
            except SilentError as error:
                words = f"{error} It is asked again; the job goes on."
            if words and words != told:
                print_line(words, stderr=True)
            told = words
        time.sleep(0.5)
    return known


def _print_from(log: Path, start: int, decoder: codecs.IncrementalDecoder) -> int:
    """Print what was added to a log; returns its bytes."""
    if not log.exists() or oddity(log):
        return 0
    with log.open("rb") as file:
        file.seek(start)
        new = file.read()
    sys.stderr.write(decoder.decode(new))
    sys.stderr.flush()
    return len(new)
