"""Prints the README's table of speed from committed results: `python -m bench.readme_speed`.

The files are what `python -m engine bench --json FILE` wrote.
"""

import json
from pathlib import Path

from bench.reporting import markdown_table
from bench.speed.machine import machine_sentence
from bench.speed.report import number, workload_of
from bench.speed.workload import SIDES

RESULTS = {
    "CPU": Path("results/bench-cpu.json"),
    "CUDA": Path("results/bench-cuda.json"),
}


def speed_text(place: str, path: Path) -> str:
    """A Markdown table of one results file; a line when there is no such file."""
    if not path.is_file():
        return f"{place}: not measured yet."
    result = json.loads(path.read_text(encoding="utf-8"))
    table = markdown_table(["", "ours", "other way", "times as fast"], _rows(result))
    measured_on = f"{result['table']['name']}, {result['table']['rows']:,} rows"
    return (
        f"{machine_sentence(result['machine'])}; {measured_on}:\n\n{table}\n\n"
        f"Made by `{result['command']}`."
    )


def _rows(result: dict) -> list[list[str]]:
    rows = []
    for loop in result.get("loop", []):
        rows.extend(_loop_rows(loop))
    peer = result.get("chemprop", {})
    if "epoch_seconds" in peer:
        rows.append(
            [
                f"training epoch, {peer['our_case']}; Chemprop {peer['version']}, default model",
                f"{number(peer['epoch_seconds']['ours'])} s",
                f"{number(peer['epoch_seconds']['chemprop'])} s",
                f"{peer['speedup']:.1f}",
            ]
        )
    rows.extend(_feature_rows(result.get("features", {})))
    rows.extend(_prediction_rows(result.get("prediction", {})))
    for memory in result.get("memory", []):
        rows.extend(_memory_rows(memory))
    for part in (result.get("device") or {}).get("cases", []):
        title = f"share of the memory-bandwidth floor, {workload_of(part).sentence()}"
        rows.append([title, f"{part['share']:.1%}", "", ""])
    return rows


def _loop_rows(loop: dict) -> list[list[str]]:
    network, seconds = workload_of(loop).sentence(), loop["epoch_seconds"]
    comparisons = {
        "ours": (f"training epoch, {network}", loop["speedup"]),
        "ours_at_once": (
            f"the same, one network on each core in parallel, as runs train, {network}",
            loop["speedup_at_once"],
        ),
    }
    return [
        [
            f"{title}; {SIDES[side]}",
            f"{number(seconds[ours])} s",
            f"{number(seconds[side])} s",
            f"{ratio:.1f}",
        ]
        for ours, (title, ratios) in comparisons.items()
        for side, ratio in ratios.items()
    ]


def _feature_rows(features: dict) -> list[list[str]]:
    units = features.get("repeat_units", {}).get("seconds", {})
    of_units = [
        ["canonical repeat units of the table, cold", f"{number(seconds)} s", "", ""]
        for seconds in units.values()
    ]
    return of_units + [
        [
            f"{'graphs and descriptors' if kind == 'both' else kind} of the table, {mode}",
            f"{number(features[kind]['seconds'][mode])} s",
            f"{number(features[kind]['seconds']['plain'])} s",
            f"{number(ratio)}",
        ]
        for kind in ("graphs", "descriptors", "both")
        if kind in features
        for mode, ratio in features[kind]["speedup"].items()
        if (kind, mode) != ("both", "cold")
    ]


def _prediction_rows(prediction: dict) -> list[list[str]]:
    if not prediction:
        return []
    single, batch = prediction["single"], prediction["batch"]
    return [
        [
            "one warm molecule, all members, median (95 %)",
            f"{single['median_ms']:.0f} ({single['p95_ms']:.0f}) ms",
            "",
            "",
        ],
        ["molecules in batch, cold", f"{batch['per_second']:,.0f} per second", "", ""],
    ]


def _memory_rows(memory: dict) -> list[list[str]]:
    on_gpu = memory["device"] == "cuda"
    field = "vram_reserved_mb" if on_gpu else "peak_mb"
    kind = "peak VRAM" if on_gpu else "peak memory"
    ours = memory["sides"]["ours"][field]
    return [
        [
            f"{kind} of training, {workload_of(memory).sentence()}; {SIDES[side]}",
            f"{ours:,.0f} MB",
            f"{peak[field]:,.0f} MB",
            "",
        ]
        for side, peak in memory["sides"].items()
        if side != "ours"
    ]


if __name__ == "__main__":
    print("\n\n".join(speed_text(place, path) for place, path in RESULTS.items()))
