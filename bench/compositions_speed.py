"""How much longer a row of a copolymer takes: `python -m bench.compositions_speed TABLE [MODEL]`.

Trains the network of the preset `cpu` for some epochs on the table's compositions, and in turn on
as many homopolymers of about as many atoms: units of which each is two of the table's in a row.
With a model of compositions, it also predicts the rows at other fractions, chunk by chunk as
`predict` does. Writes `results/compositions-speed.json`.
"""

import argparse
from pathlib import Path
from statistics import median

import numpy as np
import torch

from bench.reporting import stamp, write_json
from bench.speed.machine import machine_record, machine_sentence
from bench.speed.timing import ratio, time_interleaved, timed
from engine.base.hardware import usable_cores
from engine.base.packed import PackedGraphs, take
from engine.chem.composition import read, units_in
from engine.chem.notations import BadSmilesError
from engine.chem.repeat_unit import canonical_unit
from engine.commands.output import progress_bar
from engine.features.compute import compute_features
from engine.inference.predict import Predictor
from engine.inference.streaming import CHUNK_ROWS, predict_stream
from engine.models.batching import DeviceGraphs
from engine.models.members import network_configs, network_member
from engine.settings.presets import PRESETS
from engine.table import Table, load_table
from engine.training.context import TrainContext
from engine.training.trainer import Trainer

RESULTS = Path("results/compositions-speed.json")
ROWS, ROUNDS = 2000, 5


def main() -> None:
    """Time both in turn, print and write."""
    parser = argparse.ArgumentParser(prog="python -m bench.compositions_speed", description=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("model", type=Path, nargs="?", help="that learned compositions")
    asked = parser.parse_args()
    table = load_table(asked.table)
    result: dict = {"training": _training(table)}
    if asked.model:
        result["prediction"] = _prediction(table, asked.model)
    command = f"python -m bench.compositions_speed {asked.table} {asked.model or ''}".strip()
    write_json(RESULTS, {**stamp(command), **result, "machine": machine_record()})
    print(result)
    print(machine_sentence(machine_record()))


def _training(table: Table) -> dict:
    """Seconds of an epoch on compositions and on homopolymers, and how many times as long."""
    rows = np.random.default_rng(0).permutation(len(table.canonical))[:ROWS]
    texts = [canonical_unit(table.canonical[row]) for row in rows]
    graphs = {
        "compositions": compute_features(texts, canonical_units=True).graphs,
        "homopolymers": _homopolymers(texts),
    }
    trainers = {kind: _trainer(each, table.labels[rows]) for kind, each in graphs.items()}
    epochs = {kind: trainer.epoch for kind, trainer in trainers.items()}
    with progress_bar() as show:
        seconds = time_interleaved(epochs, ROUNDS, "Epochs", show)
    told = {
        kind: {
            "epoch_seconds": median(seconds[kind]),
            "atoms": len(each.atoms) / each.size,
            "bonds": len(each.bonds) / each.size,
        }
        for kind, each in graphs.items()
    }
    times = ratio(seconds["compositions"], seconds["homopolymers"])
    return {**told, "rows": ROWS, "ratio": times}


def _homopolymers(texts: list[str]) -> PackedGraphs:
    """As many homopolymers: two units of each composition, one after the other, make one unit."""
    pairs = [(units_in(text)[0], units_in(text)[-1]) for text in texts]
    joined = [_one_after_the_other(*pair) for pair in pairs]
    known = {text: place for place, text in enumerate(dict.fromkeys(filter(None, joined)))}
    graphs = compute_features(list(known), canonical_units=True).graphs
    places = [known[text] for text in joined if text]
    return take(graphs, np.resize(np.array(places), len(texts)))


def _one_after_the_other(first: str, second: str) -> str | None:
    """A repeat unit of two, by their SMILES; None where this cannot be written simply."""
    if not (first.startswith("*") and second.startswith("*")) or "(*)" not in first:
        return None
    try:
        return canonical_unit(first.replace("(*)", f"({second[1:]})", 1))
    except BadSmilesError:
        return None


def _trainer(graphs: PackedGraphs, labels: np.ndarray) -> Trainer:
    config = network_configs(PRESETS["cpu"])["polygin"]
    torch.set_num_threads(usable_cores())
    torch.manual_seed(0)
    network = network_member("polygin").build(config.network, labels.shape[1])
    on_device = DeviceGraphs(graphs, torch.device("cpu"))
    training = config.training.model_copy(update={"pretrained": False})
    rows = np.arange(graphs.size)
    return Trainer(network, on_device, labels, rows, training, 0, TrainContext(Path()))


def _prediction(table: Table, model: Path) -> dict:
    """Rows a second of a file of compositions, features included."""
    predictor = Predictor(model)
    predictor.load()
    # Other fractions than the table's, so that no row's answer is kept anywhere.
    compositions = [read(text) for text in table.canonical]
    texts = [
        "|".join([*each.units, f"{share:g}", *filter(None, [each.architecture])])
        for each, share in zip(
            compositions, np.linspace(0.05, 0.95, len(compositions)), strict=True
        )
        if len(each.units) == 2
    ]
    chunks = [texts[start : start + CHUNK_ROWS] for start in range(0, len(texts), CHUNK_ROWS)]
    answers: list[int] = []
    seconds = timed(
        lambda: answers.extend(len(each.blend) for each in predict_stream(predictor, chunks))
    )
    return {"rows": sum(answers), "seconds": seconds, "rows_a_second": sum(answers) / seconds}


if __name__ == "__main__":
    main()
