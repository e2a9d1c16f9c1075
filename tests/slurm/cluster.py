"""A real Slurm on this machine that needs no systemd: a controller and one or two nodes of it.

Debian's packages `slurm-wlm` and `munge`, started as root from a folder of its own: nothing of a
Slurm that may run here already is touched.
"""

import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol")
LOW, HIGH = "low", "high"
"""The partitions: jobs of the second preempt those of the first, which are queued again."""

_CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
CredType=cred/munge
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SchedulerParameters=batch_sched_delay=1,sched_interval=2,bf_interval=2
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/controller.pid
SlurmdPidFile={folder}/node-%n.pid
SlurmctldLogFile={folder}/controller.log
SlurmdLogFile={folder}/node-%n.log
KillWait=5
MinJobAge=120
ReturnToService=0
{nodes}
PartitionName={low} Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName={high} Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=OFF
"""
_NODE = (
    "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=2 RealMemory=3000 "
    "State=UNKNOWN"
)


def missing() -> str:
    """Why no Slurm can be started here; empty where one can."""
    if os.name != "posix" or os.geteuid() != 0:
        return "a Slurm of one's own is started as root"
    programs = [name for name in PROGRAMS if shutil.which(name, path=_search_path()) is None]
    needed = "Slurm is not installed (apt-get install slurm-wlm munge)"
    return f"{needed}: {', '.join(programs)} missing" if programs else ""


class Cluster:
    """A Slurm that works; `environment` leads commands to it."""

    def __init__(self, folder: Path, nodes: Sequence[str]) -> None:
        """Describe one in a new folder, with nodes of these names."""
        self.folder, self.nodes = folder, tuple(nodes)
        self.environment = {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": _search_path()}

    def ask(self, *words: str) -> str:
        """What a command of Slurm says."""
        done = subprocess.run(
            words, env=os.environ | self.environment, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"
        return done.stdout.strip()

    def submit(self, partition: str, script: str, *words: str) -> str:
        """Submit a job of all cores of a node; returns its id."""
        options = ["--cpus-per-task=2", "--mem=500", "--output=/dev/null", *words]
        answer = self.ask("sbatch", f"--partition={partition}", *options, f"--wrap={script}")
        return answer.split()[-1]

    def state(self, job: str) -> str:
        """A job's state, in Slurm's word."""
        return self.ask("squeue", "--noheader", "--states=all", f"--jobs={job}", "--format=%T")

    def set_node(self, node: str, state: str) -> None:
        """Set a node `down`, or let it `resume`."""
        self.ask("scontrol", "update", f"nodename={node}", f"state={state}", "reason=test")

    def cancel_all(self) -> None:
        """End all jobs, and wait until they have ended."""
        self.ask("scancel", "--user=root")
        self.ask("scancel", "--user=root", "--signal=KILL")
        self.wait(lambda: not self.ask("squeue", "--noheader"), "jobs do not end")

    def wait_until_idle(self) -> None:
        """Wait until all nodes can take jobs."""
        count = str(len(self.nodes))
        self.wait(
            lambda: self.ask("sinfo", "-h", f"-p{LOW}", "-tidle", "-o%D") == count,
            "the nodes do not become idle",
        )

    def wait(self, condition: Callable[[], object], otherwise: str, seconds: float = 60) -> None:
        """Wait for a condition."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"{otherwise}: see the logs in {self.folder}"
            time.sleep(0.2)


@contextmanager
def started(folder: Path, nodes: Sequence[str] = ("one",)) -> Iterator[Cluster]:
    """A Slurm with nodes of these names, all on this machine; ended with the block."""
    cluster = Cluster(folder, nodes)
    _configure(folder, nodes)
    with ExitStack() as stack:
        munge = folder / "munge"
        _start(
            stack,
            cluster,
            "munged",
            "--foreground",
            # Its socket may lie where root alone can go: nobody else starts jobs here.
            "--force",
            *(f"--{name}-file={munge / name}" for name in ("key", "pid", "log", "seed")),
            f"--socket={munge / 'socket'}",
        )
        cluster.wait((munge / "socket").exists, "munged does not start")
        _start(stack, cluster, "slurmctld", "-D")
        for node in nodes:
            _start(stack, cluster, "slurmd", "-D", "-N", node)
        cluster.wait_until_idle()
        stack.callback(cluster.cancel_all)
        yield cluster


def _configure(folder: Path, nodes: Sequence[str]) -> None:
    for name in ("munge", "state"):
        (folder / name).mkdir(mode=0o700)
    key = folder / "munge" / "key"
    key.write_bytes(secrets.token_bytes(1024))
    key.chmod(0o400)
    host, ports = socket.gethostname().partition(".")[0], _free_ports(1 + len(nodes))
    lines = [
        _NODE.format(name=node, host=host, port=port)
        for node, port in zip(nodes, ports[1:], strict=True)
    ]
    text = _CONFIGURATION.format(
        host=host, ports=ports, folder=folder, nodes="\n".join(lines), low=LOW, high=HIGH
    )
    (folder / "slurm.conf").write_text(text)


def _start(stack: ExitStack, cluster: Cluster, *words: str) -> None:
    """Start a daemon that ends with the block, in order after those that need it."""
    name = f"{words[0]}-{Path(words[-1]).name}.out"
    plain = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
    with open(cluster.folder / name, "wb") as log:
        process = subprocess.Popen(
            words, env=plain | cluster.environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )

    def end() -> None:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    stack.callback(end)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in taken:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in taken]


def _search_path() -> str:
    """The search path with the folders of daemons, which users may not have in theirs."""
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
