"""How runs differ: in what they were asked to do, and in what came out."""

from collections.abc import Sequence

from engine.runs.records import Run

_SAME_TASK = ("table", "folds")


def different_settings(configs: Sequence[dict]) -> dict[str, list[str]]:
    """The settings that are not the same in all runs.

    Args:
        configs: one for each run, as `engine.runs.read_config` gives them.

    Returns:
        `{setting: its value in each run}`; a setting inside another is called `outer.inner`, and
        one that a run does not have is an empty text. Names of runs are not settings.
    """
    flat = [_flat(config) for config in configs]
    names = dict.fromkeys(name for one in flat for name in one if name != "name")
    values = {name: [one.get(name, "") for one in flat] for name in names}
    return {name: each for name, each in values.items() if len({*each}) > 1}


def not_comparable(configs: Sequence[dict], runs: Sequence[Run]) -> list[str]:
    """Why the errors of runs cannot be set side by side; empty when they can.

    Args:
        configs: one for each run, as `engine.runs.read_config` gives them.
        runs: the runs, those that are done with their figures.
    """
    reasons = [
        f"their {'tables' if name == 'table' else 'folds'} differ"
        for name in _SAME_TASK
        if len({config.get(name) for config in configs}) > 1
    ]
    counts = [run.figures["blend"]["n"] for run in runs if run.figures]
    if not reasons and any(one != counts[0] for one in counts):
        reasons.append("they were scored on different labels")
    return reasons


def blend_errors(runs: Sequence[Run]) -> dict[str, list[float | None]]:
    """The blend's out-of-fold mean absolute error, `{property: one for each run}`, in its unit.

    Args:
        runs: which ones; None stands for one without that property, or without figures.
    """
    errors = [run.figures["blend"]["mae"] if run.figures else {} for run in runs]
    names = dict.fromkeys(name for one in errors for name in one)
    return {name: [one.get(name) for one in errors] for name in names}


def _flat(config: dict, before: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in config.items():
        if isinstance(value, dict) and value:
            found.update(_flat(value, f"{before}{name}."))
        else:
            found[f"{before}{name}"] = _words(value)
    return found


def _words(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_words(one) for one in value)
    if isinstance(value, dict):
        return str(value.get("name", ""))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
