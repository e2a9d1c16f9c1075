"""Prints the README's table of speed from committed results: `python -m bench.readme_speed`.

The files are what `python -m engine bench --json FILE` wrote.
"""

import json
from pathlib import Path

from bench.speed.machine import machine_sentence
from bench.speed.report import number, workload_of
from bench.speed.workload import SIDES

RESULTS = {
    "CPU": Path("results/bench-cpu.json"),
    "CUDA": Path("results/bench-cuda.json"),
}


def speed_text(place: str, path: Path) -> str:
    """A Markdown table of one results file; a line when there is none."""
    if not path.is_file():
        return f"{place}: not measured yet."
    result = json.loads(path.read_text(encoding="utf-8"))
    lines = [["", "ours", "other way", "times as fast"], ["---"] * 4, *_rows(result)]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    on = result["table"]
    return (
        f"{machine_sentence(result['machine'])}; {on['name']}, {on['rows']:,} rows:\n\n{table}\n\n"
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
    for one in result.get("memory", []):
        rows.extend(_memory_rows(one))
    for one in (result.get("device") or {}).get("cases", []):
        what = f"share of the memory-bandwidth floor, {workload_of(one).sentence()}"
        rows.append([what, f"{one['share']:.1%}", "", ""])
    return rows


def _loop_rows(loop: dict) -> list[list[str]]:
    network, seconds = workload_of(loop).sentence(), loop["epoch_seconds"]
    ways = {
        "ours": (f"training epoch, {network}", loop["speedup"]),
        "ours_at_once": (
            f"the same, one network on each core in parallel, as runs train, {network}",
            loop["speedup_at_once"],
        ),
    }
    return [
        [
            f"{what}; {SIDES[side]}",
            f"{number(seconds[way])} s",
            f"{number(seconds[side])} s",
            f"{times:.1f}",
        ]
        for way, (what, speedups) in ways.items()
        for side, times in speedups.items()
    ]


def _feature_rows(found: dict) -> list[list[str]]:
    return [
        [
            f"{'graphs and descriptors' if kind == 'both' else kind} of the table, {way}",
            f"{number(found[kind]['seconds'][way])} s",
            f"{number(found[kind]['seconds']['plain'])} s",
            f"{number(times)}",
        ]
        for kind in ("graphs", "descriptors", "both")
        if kind in found
        for way, times in found[kind]["speedup"].items()
        if (kind, way) != ("both", "cold")
    ]


def _prediction_rows(found: dict) -> list[list[str]]:
    if not found:
        return []
    single, batch = found["single"], found["batch"]
    return [
        [
            "one warm molecule, all members, median (95 %)",
            f"{single['median_ms']:.0f} ({single['p95_ms']:.0f}) ms",
            "",
            "",
        ],
        ["molecules in batch, cold", f"{batch['per_second']:,.0f} per second", "", ""],
    ]


def _memory_rows(one: dict) -> list[list[str]]:
    field = "vram_reserved_mb" if one["device"] == "cuda" else "peak_mb"
    what = "peak VRAM" if one["device"] == "cuda" else "peak memory"
    ours = one["sides"]["ours"][field]
    return [
        [
            f"{what} of training, {workload_of(one).sentence()}; {SIDES[side]}",
            f"{ours:,.0f} MB",
            f"{peak[field]:,.0f} MB",
            "",
        ]
        for side, peak in one["sides"].items()
        if side != "ours"
    ]


if __name__ == "__main__":
    print("\n\n".join(speed_text(place, path) for place, path in RESULTS.items()))
