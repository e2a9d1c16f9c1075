"""A command of this package on a node: `python -m engine.cluster.on_node WORKSPACE FOLDER LOG …`.

What follows are the command's words. What it says goes to the log, and it works in the folder.
"""

import os
import signal
import sys

from ..base.workspace import NODE, PACKAGE


def main(workspace: str, folder: str, log: str, *words: str) -> None:
    """Become the process of the command."""
    # Sent before the time limit, to the process that queues the job again.
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    os.close(descriptor)
    paths = [str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    os.environ["POLYGIN_HOME"] = workspace
    os.environ[NODE] = os.environ.get("SLURMD_NODENAME") or os.uname().nodename
    os.chdir(folder)
    os.execv(sys.executable, [sys.executable, "-m", PACKAGE.name, *words])  # noqa: S606


if __name__ == "__main__":
    main(*sys.argv[1:])
