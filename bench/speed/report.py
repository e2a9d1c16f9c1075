"""The results as tables of texts, for the terminal and for Markdown."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any, NamedTuple

from bench.reporting import markdown_table
from bench.speed.machine import machine_sentence
from bench.speed.workload import SIDES, Workload


class Section(NamedTuple):
    """One table."""

    title: str
    heads: list[str]
    rows: list[list[str]]
    note: str = ""


def sections(result: dict) -> list[Section]:
    """All tables of a results file, in the order of the command's help."""
    makers: dict[str, Callable[[Any], Section]] = {
        "loop": _loop,
        "features": _features,
        "prediction": _prediction,
        "memory": _memory,
        "device": _device,
        "chemprop": _chemprop,
    }
    return [make(result[part]) for part, make in makers.items() if part in result]


def head_line(result: dict) -> str:
    """The machine and the table, in a line or two."""
    table = result["table"]
    sentence = (
        f"{table['name']}: {table['rows']:,} rows, {table['atoms_a_graph']} atoms and "
        f"{table['bonds_a_graph']} bonds in a graph on average"
    )
    if table["random_labels"]:
        sentence += ", random labels"
    if result["quick"]:
        sentence += ". Quick: these figures only show that it works"
    return f"{machine_sentence(result['machine'])}\n{sentence}"


def markdown(section: Section) -> str:
    """A section's table and its note as Markdown."""
    table = markdown_table(section.heads, section.rows)
    return f"{table}\n\n{section.note}" if section.note else table


def workload_of(row: dict) -> Workload:
    """The workload that a part of the results belongs to."""
    return Workload(**{field.name: row[field.name] for field in fields(Workload)})


def _loop(loops: list[dict]) -> Section:
    rows = []
    for loop in loops:
        for side, seconds in loop["epoch_seconds"].items():
            ratios = [loop[kind].get(side) for kind in ("speedup", "speedup_at_once")]
            rows.append(
                [
                    f"{workload_of(loop).sentence()}, {loop['device']}",
                    SIDES[side],
                    number(seconds),
                    *("" if ratio is None else f"{ratio:.2f}" for ratio in ratios),
                ]
            )
    first = loops[0]
    note = (
        f"Extrapolated from the median of {first['blocks']} blocks of "
        f"{first['steps_per_block']} steps for each side, timed in turns, to "
        f"{first['steps_per_epoch']:g} steps an epoch."
    )
    heads = ["network", "side", "seconds per epoch", "× ours", "× ours in parallel"]
    return Section("Training", heads, rows, note)


def _features(features: dict) -> Section:
    titles = {
        "cold": "ours, cold",
        "warm": "ours, warm",
        "reordered": "ours, warm, rows in another order",
        "plain": "plain",
    }
    rows = []
    for kind in ("repeat_units", "graphs", "descriptors", "both"):
        figures = features[kind]
        for mode, seconds in figures["seconds"].items():
            ratio = figures["speedup"].get(mode)
            rows.append(
                [
                    kind.replace("repeat_units", "canonical units"),
                    titles[mode],
                    number(seconds),
                    f"{figures['per_second'][mode]:,.0f}",
                    "" if ratio is None else f"{ratio:,.1f}",
                ]
            )
    note = (
        f"{features['rows']:,} rows. Plain is PyG's `from_smiles`, and RDKit's "
        "`CalcMolDescriptors` with a Morgan count fingerprint, one by one in one process, "
        f"extrapolated from {features['sampled_rows']:,} rows."
    )
    heads = ["features", "mode", "seconds for the table", "molecules per second", "plain ÷ ours"]
    return Section("Features", heads, rows, note)


def _prediction(prediction: dict) -> Section:
    single, batch = prediction["single"], prediction["batch"]
    rows = [
        ["one warm molecule, median", f"{single['median_ms']:.0f} ms"],
        ["one warm molecule, 95 %", f"{single['p95_ms']:.0f} ms"],
        ["batch, cold features", f"{batch['per_second']:,.0f} molecules per second"],
    ]
    note = (
        f"The shipped model ({', '.join(prediction['members'])}) on molecules it has not seen: "
        f"{single['molecules']:,} one by one, {batch['molecules']:,} together."
    )
    return Section("Prediction", ["prediction of", "measured"], rows, note)


def _memory(peaks: list[dict]) -> Section:
    columns = {
        "peak_mb": "peak resident",
        "before_mb": "of it libraries",
        "vram_allocated_mb": "peak VRAM",
        "vram_reserved_mb": "VRAM reserved",
    }
    measured = {name for part in peaks for peak in part["sides"].values() for name in peak}
    columns = {name: head for name, head in columns.items() if name in measured}
    rows = [
        [
            f"{workload_of(part).sentence()}, {part['device']}",
            SIDES[side],
            *(f"{peak[name]:,.0f}" for name in columns),
        ]
        for part in peaks
        for side, peak in part["sides"].items()
    ]
    note = "MB are 2²⁰ bytes. Each side trained one epoch in a process of its own."
    return Section("Memory of training, MB", ["network", "side", *columns.values()], rows, note)


def _device(device: dict | None) -> Section:
    heads = ["network", "traffic, GB an epoch", "floor, s", "epoch, s", "floor ÷ epoch"]
    if device is None:
        return Section("Device", heads, [], "No CUDA device: not measured.")
    rows = [
        [
            workload_of(part).sentence(),
            f"{sum(part['traffic_bytes'].values()) / 1e9:.1f}",
            number(part["floor_seconds"]),
            number(part["epoch_seconds"]),
            f"{part['share']:.1%}",
        ]
        for part in device["cases"]
    ]
    note = (
        f"Copies run at {device['bandwidth'] / 1e12:.2f} TB/s, read and written. The traffic is an "
        "estimate for unfused operations: `bench/speed/device.py` says how it is made."
    )
    return Section("Device", heads, rows, note)


def _chemprop(chemprop: dict) -> Section:
    heads = ["side", "seconds per epoch", "× ours"]
    if "missing" in chemprop:
        return Section("Chemprop", heads, [], chemprop["missing"])
    seconds = chemprop["epoch_seconds"]
    rows = [
        [f"this engine, {chemprop['our_case']}", number(seconds["ours"]), ""],
        [
            f"Chemprop {chemprop['version']}, its default model, batch {chemprop['batch']}",
            number(seconds["chemprop"]),
            f"{chemprop['speedup']:.2f}",
        ],
    ]
    count = len(chemprop["measured_seconds"]["chemprop"])
    note = f"Medians; ours were timed before and after Chemprop's {count} timed epochs."
    return Section("Chemprop", heads, rows, note)


def number(value: float) -> str:
    """Three significant digits, or a whole number; never in powers of ten."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
