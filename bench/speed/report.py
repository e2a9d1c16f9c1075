"""The results as tables of words, for the terminal and for Markdown."""

from typing import NamedTuple

from bench.speed.machine import sentence
from bench.speed.workload import SIDES, Case


class Section(NamedTuple):
    """One table."""

    title: str
    heads: list[str]
    rows: list[list[str]]
    note: str = ""


def sections(result: dict) -> list[Section]:
    """All tables of a results file, in the order of the commands' help."""
    found = []
    for part, make in (
        ("loop", _loop),
        ("features", _features),
        ("prediction", _prediction),
        ("memory", _memory),
        ("device", _device),
        ("chemprop", _chemprop),
    ):
        if part in result:
            found.append(make(result[part]))
    return found


def head_line(result: dict) -> str:
    """The machine and the table, in a line or two."""
    table = result["table"]
    what = (
        f"{table['name']}: {table['rows']:,} rows, {table['atoms_a_graph']} atoms and "
        f"{table['bonds_a_graph']} bonds a graph"
    )
    if table["random_labels"]:
        what += ", random labels"
    if result["quick"]:
        what += ". Quick: these figures only show that it works"
    return f"{sentence(result['machine'])}\n{what}"


def markdown(section: Section) -> str:
    """A table as Markdown."""
    lines = [section.heads, ["---"] * len(section.heads), *section.rows]
    text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{text}\n\n{section.note}" if section.note else text


def case_of(row: dict) -> Case:
    """The case that a row of the results belongs to."""
    return Case(**{name: row[name] for name in Case.__annotations__})


def _loop(loops: list[dict]) -> Section:
    rows = []
    for loop in loops:
        for side, seconds in loop["epoch_seconds"].items():
            times = [loop[kind].get(side) for kind in ("speedup", "speedup_at_once")]
            rows.append(
                [
                    f"{case_of(loop).sentence()}, {loop['device']}",
                    SIDES[side],
                    number(seconds),
                    *("" if one is None else f"{one:.2f}" for one in times),
                ]
            )
    first = loops[0]
    note = (
        f"Extrapolated from the median of {first['blocks']} blocks of "
        f"{first['steps_per_block']} steps a side, taken in turns, to "
        f"{first['steps_per_epoch']:g} steps an epoch."
    )
    heads = ["network", "side", "seconds per epoch", "× ours", "× ours at once"]
    return Section("Training", heads, rows, note)


def _features(found: dict) -> Section:
    titles = {
        "cold": "ours, cold",
        "warm": "ours, warm",
        "reordered": "ours, warm, rows in another order",
        "plain": "plain",
    }
    rows = []
    for kind in ("graphs", "descriptors", "both"):
        one = found[kind]
        for way, seconds in one["seconds"].items():
            times = one["speedup"].get(way)
            rows.append(
                [
                    kind,
                    titles[way],
                    number(seconds),
                    f"{one['per_second'][way]:,.0f}",
                    "" if times is None else f"{times:,.1f}",
                ]
            )
    note = (
        f"{found['rows']:,} rows. Plain is PyG's `from_smiles`, and RDKit's `CalcMolDescriptors` "
        f"with a Morgan count fingerprint, one by one in one process, extrapolated from "
        f"{found['sampled_rows']:,} rows."
    )
    heads = ["features", "way", "seconds for the table", "molecules per second", "plain ÷ ours"]
    return Section("Features", heads, rows, note)


def _prediction(found: dict) -> Section:
    single, batch = found["single"], found["batch"]
    rows = [
        ["one warm molecule, median", f"{single['median_ms']:.0f} ms"],
        ["one warm molecule, 95 %", f"{single['p95_ms']:.0f} ms"],
        ["batch, cold features", f"{batch['per_second']:,.0f} molecules per second"],
    ]
    note = (
        f"The shipped model ({', '.join(found['members'])}) on molecules it has not seen: "
        f"{single['molecules']:,} one by one, {batch['molecules']:,} together."
    )
    return Section("Prediction", ["what", "measured"], rows, note)


def _memory(found: list[dict]) -> Section:
    columns = {
        "peak_mb": "peak resident",
        "before_mb": "of it libraries",
        "vram_allocated_mb": "peak VRAM",
        "vram_reserved_mb": "VRAM reserved",
    }
    known = {name for one in found for peak in one["sides"].values() for name in peak}
    columns = {name: head for name, head in columns.items() if name in known}
    rows = [
        [
            f"{case_of(one).sentence()}, {one['device']}",
            SIDES[side],
            *(f"{peak[name]:,.0f}" for name in columns),
        ]
        for one in found
        for side, peak in one["sides"].items()
    ]
    note = "MB are 2²⁰ bytes. Each side trained one epoch in a process of its own."
    return Section("Memory of training, MB", ["network", "side", *columns.values()], rows, note)


def _device(found: dict | None) -> Section:
    heads = ["network", "traffic, GB an epoch", "floor, s", "epoch, s", "floor ÷ epoch"]
    if found is None:
        return Section("Device", heads, [], "No CUDA device: not measured.")
    rows = [
        [
            case_of(one).sentence(),
            f"{sum(one['traffic_bytes'].values()) / 1e9:.1f}",
            number(one["floor_seconds"]),
            number(one["epoch_seconds"]),
            f"{one['share']:.1%}",
        ]
        for one in found["cases"]
    ]
    note = (
        f"Copies run at {found['bandwidth'] / 1e12:.2f} TB/s, read and written. The traffic is an "
        "estimate for unfused operations: `bench/speed/device.py` says how it is made."
    )
    return Section("Device", heads, rows, note)


def _chemprop(found: dict) -> Section:
    heads = ["side", "seconds per epoch", "× ours"]
    if "missing" in found:
        return Section("Chemprop", heads, [], found["missing"])
    seconds = found["epoch_seconds"]
    rows = [
        [f"this engine, {found['our_case']}", number(seconds["ours"]), ""],
        [
            f"Chemprop {found['version']}, its default model, batch {found['batch']}",
            number(seconds["chemprop"]),
            f"{found['speedup']:.2f}",
        ],
    ]
    count = len(found["measured_seconds"]["chemprop"])
    note = f"Medians, ours taken before and after Chemprop's {count} timed epochs."
    return Section("Chemprop", heads, rows, note)


def number(value: float) -> str:
    """Three digits, never in powers of ten."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
