"""Saves a finished run on frozen folds: `python -m bench.accuracy.keep RUN [SYSTEM]`.

SYSTEM is its name in the table; without it, that of the run's preset.
"""

import sys

from bench.accuracy.results import save
from bench.out_of_fold import FOLDS, TABLE
from engine.base.errors import UserError
from engine.runs import find_run, read_config, read_out_of_fold, read_report


def main(run_name: str, system: str = "") -> None:
    """Copy what may be published: predictions by id, and the report."""
    run = find_run(run_name)
    config, report = read_config(run), read_report(run)
    folds = config["folds"].rpartition(":")[2]
    if folds not in FOLDS:
        raise UserError(f"{run.name} is not on frozen folds but on {config['folds']}.")
    predicted = read_out_of_fold(run).drop(columns=["row", "smiles", "label"])
    command = (
        f"python -m engine train {TABLE} --preset {config['preset']} "
        f"--folds {config['folds']} --seed {config['seed']}"
    )
    # Runs of the first versions did not count the seconds they worked.
    seconds = run.seconds or (run.finished or 0.0) - (run.started or 0.0)
    about = {"command": command, "seconds": seconds, "report": report}
    print(save(system or config["preset"], folds, about, predicted))


if __name__ == "__main__":
    main(*sys.argv[1:])
