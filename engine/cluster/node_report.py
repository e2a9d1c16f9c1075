"""What the ten-second job does on its node: `python -m engine.cluster.node_report FOLDER`."""

import platform
import socket
import sys
from pathlib import Path

from ..base.hardware import detect
from ..base.versions import package_versions
from ..base.workspace import write_atomic
from .settings import NodeReport

REPORT = "report.json"


def main(folder: Path) -> None:
    """Write what this node is into a folder."""
    report = NodeReport(
        node=socket.gethostname(),
        python=platform.python_version(),
        executable=sys.executable,
        versions=package_versions(),
        hardware=detect(),
    )
    write_atomic(folder / REPORT, report.model_dump_json())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
