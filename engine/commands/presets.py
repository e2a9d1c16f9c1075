"""`presets`."""

import argparse
import json
import sys

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from ..settings.members import MEMBER_TITLES
from ..settings.presets import PRESETS


def list_all(arguments: argparse.Namespace) -> None:
    """Print the presets, with the number of parameters of one network of each."""
    # Loaded here: no other command that only shows things waits for torch.
    from ..models.build import build_network, count_parameters

    rows = [
        {
            "preset": preset.name,
            "title": preset.title,
            "parameters": count_parameters(build_network(preset.shape, arguments.properties)),
            "properties": arguments.properties,
            "members": preset.members,
            **preset.model_dump(mode="json", exclude={"name", "title", "summary"}),
        }
        for preset in PRESETS.values()
    ]
    if arguments.json:
        sys.stdout.write(json.dumps(rows, indent=1) + "\n")
        return
    shown = Table("preset", "network", "parameters", "epochs", "batch", "members", box=SIMPLE_HEAD)
    for column in shown.columns[:3]:
        column.no_wrap = True
    for row in rows:
        shape, loop = row["shape"], row["loop"]
        before = loop["pretraining"]
        shown.add_row(
            row["preset"],
            f"{shape['kind']} {shape['layers']}×{shape['width']}",
            f"{row['parameters']:,}",
            (f"{before['epochs']} {before['kind']} + " if before else "") + str(loop["epochs"]),
            str(loop["batch"]),
            ", ".join(MEMBER_TITLES[member] for member in row["members"]),
        )
    Console().print(shown)
