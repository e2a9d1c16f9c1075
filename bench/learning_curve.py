"""Few labels, with the encoder and without: `python -m bench.learning_curve TABLE… [--preset cpu]`.

Of each property some labels are drawn at random, a model learns them, and its error is taken on
other rows of the table, up to 500, that are drawn with them. Each draw is learned in three ways:
from units as drawn, from canonical units, and from these with networks that start from the encoder.
The encoder has seen structures of all tables, labels of none. Results are added to
`results/learning-curve.json` as they come; what it holds of the same settings is not measured
again. `--picture FILE.svg` makes a picture of all that it holds. Without `--with-drawn` the first
way is left out, which takes a third of the time and says nothing of the encoder.
"""

import argparse
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.stats import bootstrap

from bench.accuracy.bootstrap import RESAMPLES
from bench.reporting import markdown_table, read_json, settings_of, stamp, write_json
from bench.speed.machine import machine_record
from engine.api import PolymerRegressor
from engine.settings.presets import PRESETS, Preset
from engine.settings.properties import property_for
from engine.table import load_table
from engine.table.duplicates import polymers_of

RESULTS = Path("results/learning-curve.json")
SIZES = (50, 100, 200, 400, 800)
MOST_TESTED = 500
DRAWN, PLAIN, ENCODER = "as drawn", "canonical", "encoder"
_COLOURS = {PLAIN: "#3b82c4", ENCODER: "#d9622b"}


class _Size(NamedTuple):
    """What several draws have in common: how many labels of which property."""

    table: str
    property: str
    preset: str
    labels: int


def main() -> None:
    """Measure what is missing, and print all."""
    parser = argparse.ArgumentParser(prog="python -m bench.learning_curve", description=__doc__)
    parser.add_argument("tables", nargs="*", type=Path)
    parser.add_argument("--preset", default="cpu", choices=[*PRESETS])
    parser.add_argument("--properties", nargs="*", help="by default all")
    parser.add_argument("--sizes", nargs="*", type=int, default=SIZES)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--with-drawn", action="store_true", help="units as drawn too")
    parser.add_argument("--picture", type=Path, metavar="FILE.svg")
    asked = parser.parse_args()
    preset = PRESETS[asked.preset]
    for path in asked.tables:
        table = load_table(path.read_bytes(), path.name)
        polymers = np.array(polymers_of(table.canonical))
        for k, name in enumerate(each.name for each in table.properties):
            if asked.properties and name not in asked.properties:
                continue
            labels = table.labels[:, k]
            for size in asked.sizes:
                for seed in range(asked.seeds):
                    rows = _drawn(labels, polymers, size, seed)
                    if rows is not None:
                        about = {"table": path.name, "property": name, "preset": asked.preset}
                        about |= {"settings": settings_of(preset), "labels": size, "seed": seed}
                        ways = _ways(preset)
                        if not asked.with_drawn:
                            del ways[DRAWN]
                        _measure(about, ways, table.canonical, labels, rows)
    print(report(_found()))
    if asked.picture:
        write_picture(_found(), asked.picture)


def _drawn(
    labels: np.ndarray, polymers: np.ndarray, size: int, seed: int
) -> tuple[np.ndarray, np.ndarray] | None:
    """Rows to learn from and rows to test, of different polymers; None of too few labels.

    The rows of a smaller size are among those of a larger one, and all are tested on the same.
    """
    rows = np.random.default_rng(seed).permutation(np.flatnonzero(np.isfinite(labels)))
    tested = rows[: min(MOST_TESTED, len(rows) // 3)]
    learned = rows[len(tested) :]
    learned = learned[~np.isin(polymers[learned], polymers[tested])][:size]
    return (learned, tested) if len(learned) == size else None


def _ways(preset: Preset) -> dict[str, Preset]:
    plain = preset.without_encoder()
    return {
        DRAWN: plain.model_copy(update={"canonical_units": False}),
        PLAIN: plain,
        ENCODER: preset,
    }


def _measure(
    about: dict[str, str | int],
    ways: dict[str, Preset],
    units: list[str],
    labels: np.ndarray,
    rows: tuple[np.ndarray, np.ndarray],
) -> None:
    """Learn one draw in some ways, and keep the errors with what is told about the draw."""
    learned, tested = rows
    for way, chosen in ways.items():
        found = _found()
        draw = next((each for each in found["draws"] if about.items() <= each.items()), None)
        if draw is None:
            found["draws"].append(draw := {**about, "mae": {}})
        if way in draw["mae"]:
            continue
        regressor = PolymerRegressor(chosen, "random:5", int(about["seed"]), verbose=False)
        regressor.fit([units[row] for row in learned], labels[learned])
        predicted = regressor.predict([units[row] for row in tested])
        draw["mae"][way] = float(np.abs(predicted - labels[tested]).mean())
        draw |= stamp(" ".join(["python -m bench.learning_curve", *sys.argv[1:]]))
        write_json(RESULTS, found)


def _found() -> dict:
    return read_json(RESULTS) or {"machine": machine_record(), "draws": []}


def _by_size(found: dict) -> dict[_Size, list[dict[str, float]]]:
    """The errors of the draws of each size by way, in order.

    Of draws that the presets, as they are now, have learned with the encoder and without.
    """
    groups: dict[_Size, list[dict[str, float]]] = {}
    for draw in found["draws"]:
        preset = PRESETS[draw["preset"]]
        if draw["settings"] == settings_of(preset) and {PLAIN, ENCODER} <= draw["mae"].keys():
            size = _Size(*(draw[field] for field in _Size._fields))
            groups.setdefault(size, []).append(draw["mae"])
    return dict(sorted(groups.items()))


def report(found: dict) -> str:
    """By property and number of labels, the mean error of each way and the ratios, as Markdown."""
    rows = []
    for size, draws in _by_size(found).items():
        known = [way for way in (DRAWN, PLAIN, ENCODER) if all(way in draw for draw in draws)]
        means = (
            f"{np.mean([draw[way] for draw in draws]):.4g}" if way in known else ""
            for way in (DRAWN, PLAIN, ENCODER)
        )
        ratios = (_ratio(draws, way) if way in known else "" for way in (DRAWN, PLAIN))
        rows.append([*map(str, size), f"{len(draws)}", *means, *ratios])
    heads = [*_Size._fields, "draws", DRAWN, PLAIN, ENCODER]
    return markdown_table([*heads, f"ratio to {DRAWN}", f"ratio to {PLAIN}"], rows)


def write_picture(found: dict, path: Path) -> None:
    """Show the mean errors over the number of labels, and each draw as a dot, one panel a property.

    Args:
        found: as the results file holds it, of one table and one preset.
        path: of the picture, an SVG.
    """
    from matplotlib.figure import Figure

    groups = _by_size(found)
    names = list(dict.fromkeys(size.property for size in groups))
    figure = Figure(figsize=(3.4 * len(names), 3.2), layout="constrained")
    panels = figure.subplots(1, len(names), squeeze=False)[0]
    for name, panel in zip(names, panels, strict=True):
        own = {size.labels: draws for size, draws in groups.items() if size.property == name}
        for way, colour in _COLOURS.items():
            means = [np.mean([each[way] for each in draws]) for draws in own.values()]
            panel.plot([*own], means, color=colour, label=way)
            for size, draws in own.items():
                errors = [each[way] for each in draws]
                panel.plot([size] * len(errors), errors, ".", color=colour, alpha=0.4)
        error = f"mean absolute error of {property_for(name).label}"
        panel.set(xscale="log", xlabel="labels", ylabel=error)
        panel.set_xticks([*own], [str(size) for size in own], minor=False)
        panel.minorticks_off()
    panels[0].legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})


def _ratio(draws: list[dict[str, float]], way: str) -> str:
    """The geometric mean of the encoder's error by that of another way, with its 95 % interval."""
    logs = np.log([draw[ENCODER] / draw[way] for draw in draws])
    if len(logs) < 2:
        return f"{np.exp(logs.mean()):.3f}"
    limits = bootstrap(
        (logs,), np.mean, n_resamples=RESAMPLES, method="percentile", rng=0
    ).confidence_interval
    return f"{np.exp(logs.mean()):.3f} ({np.exp(limits.low):.3f}–{np.exp(limits.high):.3f})"


if __name__ == "__main__":
    main()
