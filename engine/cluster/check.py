"""Whether the cluster works: a job of ten seconds, and in words what is wrong where it does not."""

import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree

from pydantic import ValidationError

from ..base.errors import UserError
from ..base.plain_files import read_file
from ..base.versions import other_versions, package_versions
from ..base.wording import listed
from ..base.workspace import home, subfolder
from .node_report import REPORT
from .queue import WAITING, Job, cancel, jobs_of_user, partitions
from .settings import Cluster, NodeReport
from .submission import python_words, submit

NAME = "polygin-check"
_MINUTES = 5
"""That the job asks for; Slurm would end it then."""
_LATE_SECONDS = 15.0
"""By which a network file system may show a node's files later than Slurm its end."""
_MOST_BYTES = 2**20

_NO_PACKAGE = re.compile(r"No module named '?([\w.]+)'?")


def check_cluster(cluster: Cluster, tell: Callable[[str], None], patience: float) -> NodeReport:
    """Let a node of the cluster say what it is.

    Args:
        cluster: to be checked.
        tell: called with a sentence for what goes on.
        patience: seconds to wait in the queue.

    Raises:
        UserError: a sentence for what is wrong.
    """
    known = partitions()
    if not known:
        raise UserError("Slurm names no partition: is this user known to the cluster?")
    if cluster.partition not in known:
        raise UserError(
            f"There is no partition {cluster.partition!r}: {listed(known, 'partitions', 20)} are "
            "there. Mend cluster.yaml."
        )
    folder = Path(tempfile.mkdtemp(prefix="check-", dir=subfolder("slurm")))
    try:
        words = python_words(cluster, "cluster.node_report", str(folder))
        brief = cluster.model_copy(update={"time": min(cluster.time, _MINUTES)})
        job = submit(words, NAME, brief, folder / "submitted")
        tell(f"Slurm's job {job} asks for {_asked_for(cluster)}.")
        try:
            ended = _waited_for(job, tell, patience)
        except BaseException:
            cancel(job, NAME)
            raise
        return _report(job, ended, folder, cluster)
    finally:
        rmtree(folder, ignore_errors=True)


def differences(report: NodeReport) -> str:
    """A sentence on the packages of which a node has other versions; empty where none has."""
    other = [
        f"{name} {there} (here {here})" for name, there, here in other_versions(report.versions)
    ]
    if not other:
        return ""
    return (
        f"The node has {listed(other)}: the same run may end with other bits there, and a run that "
        "goes on elsewhere begins anew."
    )


def _asked_for(cluster: Cluster) -> str:
    words = [f"{cluster.cpus} cores", f"{cluster.memory:,} MB"]
    if cluster.gpus:
        words.append(f"{cluster.gpus} GPUs")
    return f"{listed(words)} in the partition {cluster.partition}"


def _waited_for(job: str, tell: Callable[[str], None], patience: float) -> Job | None:
    """Wait until a job has ended; None where Slurm has forgotten it meanwhile.

    Raises:
        UserError: when it still waits after so many seconds.
    """
    deadline, told = time.monotonic() + patience, ""
    while True:
        known = jobs_of_user().get(job)
        if known is None or known.ended:
            return known
        waits = known.state in WAITING
        words = f"It waits. {known.why_it_waits}." if waits else f"It is {known.state.lower()}."
        if words != told:
            tell(told := words)
        if known.is_hopeless:
            raise UserError(
                f"Slurm would never start the job. {known.why_it_waits}. Mend cluster.yaml."
            )
        if waits and time.monotonic() > deadline:
            raise UserError(
                f"The job has waited for {patience:.0f} s, and was taken back. Slurm's reason: "
                f"{known.why_it_waits}. All else may be right: try again with more --patience."
            )
        time.sleep(0.5)


def _report(job: str, ended: Job | None, folder: Path, cluster: Cluster) -> NodeReport:
    """What the node has written.

    Raises:
        UserError: what is wrong where it wrote nothing, or lacks something.
    """
    deadline = time.monotonic() + _LATE_SECONDS
    failed = ended is not None and ended.state != "COMPLETED"
    while not (folder / REPORT).exists():
        logs = sorted((folder / "submitted").glob(f"{job}*_log.*"))
        if time.monotonic() > deadline or (failed and logs):
            raise UserError(_diagnosis(ended, [_text(path) for path in logs], cluster))
        time.sleep(0.2)
    try:
        report = NodeReport.model_validate_json(read_file(folder / REPORT, "", _MOST_BYTES))
    except ValidationError as error:
        raise UserError("The node's report cannot be read: its PolyGIN is another one.") from error
    lacking = sorted({*package_versions()} - {*report.versions})
    if lacking:
        raise UserError(
            f"{report.executable} on the node {report.node} lacks {listed(lacking)}: install the "
            "requirements there, or name another python in cluster.yaml."
        )
    return report


def _diagnosis(ended: Job | None, logs: list[str], cluster: Cluster) -> str:
    """A sentence for why a node wrote no report."""
    node = f"The node {ended.node}" if ended and ended.node else "The node"
    how = f" (Slurm: {ended.how_it_ended})" if ended else ""
    if not logs:
        return (
            f"{node} cannot see the workspace {home()}{how}: put it on a file system that all "
            "nodes share, at the same path, and set POLYGIN_HOME."
        )
    said = "\n".join(logs).strip()
    if package := _NO_PACKAGE.search(said):
        return (
            f"{node} lacks the Python package {package[1].partition('.')[0]}: install the "
            "requirements for the Python there, let setup in cluster.yaml activate the right "
            "environment, or name another python."
        )
    python = cluster.python or "the Python that is used here"
    if "No such file or directory" in said or "not found" in said:
        return (
            f"{node} has no such program as {python}, or what setup in cluster.yaml names{how}: "
            f"{said.splitlines()[-1]}"
        )
    return f"{node} failed{how}: {said.splitlines()[-1] if said else 'it said nothing'}"


def _text(path: Path) -> str:
    try:
        return read_file(path, "", _MOST_BYTES).decode("utf-8", "replace")
    except UserError:
        return ""
