"""How long the Monitor page takes with many runs and a long one: `python -m bench.cockpit`.

Makes a temporary workspace of 200 runs, two of them running: a usual one, and one with 100,000
epochs in its metrics. Prints how long refreshes take and writes `results/bench-cockpit.json`. With
`--browser`, Chromium watches each of the two, and the web server's share of a core is measured.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil
import yaml
from filelock import FileLock
from streamlit.testing.v1 import AppTest

from bench.reporting import write_json
from bench.speed.machine import machine_record, machine_sentence
from engine.base.workspace import home
from engine.runs import Run, list_runs, process, read_metrics, store
from engine.runs.feed import follow_metrics, forget
from engine.runs.records import State

RESULT = Path("results/bench-cockpit.json")
RUNS, ROWS, USUAL_ROWS = 200, 100_000, 200
FOLDS, SEEDS = 5, 5
NAMES = ("Tg", "FFV", "Tc", "Density", "Rg")
REPEATS = 10
WATCH_SECONDS = 30


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="python -m bench.cockpit", description=__doc__)
    parser.add_argument("--browser", action="store_true")
    with_browser = parser.parse_args().browser
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ["POLYGIN_HOME"] = folder
        # Held, so that no supervisor starts and finds that these runs have no workers.
        with FileLock(home() / "supervisor.lock"):
            result = _measure(with_browser)
    for name, value in result["figures"].items():
        print(f"{name}: {value}")
    print(machine_sentence(result["machine"]))
    write_json(RESULT, result)


def _measure(with_browser: bool) -> dict:
    load = round(os.getloadavg()[0], 2)
    for number in range(RUNS - 2):
        _make_run(f"attempt {number}", "stopped", USUAL_ROWS)
    usual = _make_run("usual", "running", USUAL_ROWS)
    long = _make_run("long", "running", ROWS)
    _app(usual).run()  # loads what the page needs
    figures = {
        "list of runs, ms": _median_ms(list_runs),
        "metrics of the long run read whole, ms": _median_ms(lambda: read_metrics(long), 3),
        "metrics of the long run followed, first time, ms": _ms(lambda: follow_metrics(long)),
        "metrics of the long run followed, a row later, ms": _median_ms(
            partial(_append_and, partial(follow_metrics, long), long)
        ),
    }
    for name, run in (("usual", usual), ("long", long)):
        forget()
        app = _app(run)
        opened = _ms(app.run)
        figures[f"Monitor with {RUNS} runs, the {name} one opened for the first time, ms"] = opened
        figures[f"Monitor with {RUNS} runs, the {name} one refreshed, ms"] = _median_ms(
            partial(_append_and, app.run, run)
        )
        assert not app.exception
    if with_browser:
        for name, run in (("usual", usual), ("long", long)):
            figures[f"web server while Chromium watches the {name} run, % of a core"] = _watch(run)
    command = "python -m bench.cockpit" + (" --browser" if with_browser else "")
    return {
        "command": command,
        "runs": RUNS,
        "rows": {"long": ROWS, "usual": USUAL_ROWS},
        "figures": figures,
        "load_average_before": load,
        "machine": machine_record(),
    }


def _app(run: Run) -> AppTest:
    app = AppTest.from_file(str(Path("app.py").resolve()), default_timeout=120)
    app.query_params["run"] = run.id
    return app.switch_page("pages/monitor.py")


def _make_run(name: str, state: State, rows: int) -> Run:
    now = time.time()
    run = Run(
        id=name.replace(" ", "-"),
        name=name,
        state=state,
        stage="PolyGIN",
        progress=0.5,
        created=now,
        started=now - 600,
        finished=None if state == "running" else now,
    )
    if state == "running":
        run = run.model_copy(update={**process.identity(), "since": now - 600})
    run.folder.mkdir(parents=True)
    properties = [{"name": name, "title": name} for name in NAMES]
    settings = {"table": "t.csv", "preset": "cpu", "folds": f"random:{FOLDS}", "seed": 0}
    (run.folder / "config.yaml").write_text(yaml.safe_dump({**settings, "properties": properties}))
    seeds = SEEDS if rows > USUAL_ROWS else 1
    networks = [(fold, seed) for fold in range(FOLDS) for seed in range(seeds)]
    epochs = rows // len(networks)
    with open(run.folder / "metrics.jsonl", "w") as file:
        for fold, seed in networks:
            file.writelines(_line(fold, seed, epoch) for epoch in range(1, epochs + 1))
    store.insert(run)
    return run


def _line(fold: int, seed: int, epoch: int) -> str:
    row = {
        "time": time.time(),
        "member": "polygin",
        "fold": fold,
        "seed": seed,
        "epoch": epoch,
        "train_loss": 0.8 / epoch + 1 / 3,
        "val_loss": 0.9 / epoch + 1 / 3,
        "val_mae": {name: 50 / epoch + 1 / 7 for name in NAMES},
        "learning_rate": 0.001 / 3,
        "gradient_norm": 1.5 / epoch,
        "graphs_per_second": 571.0596725857056,
        "ram_mb": 1000.2890625,
        "vram_mb": None,
    }
    return json.dumps(row) + "\n"


def _append(run: Run) -> None:
    """Add a row to a run's metrics."""
    with open(run.folder / "metrics.jsonl", "a") as file:
        file.write(_line(FOLDS - 1, SEEDS - 1, 10_000))


def _append_and(act: Callable[[], object], run: Run) -> None:
    _append(run)
    act()


def _ms(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return round(1000 * (time.perf_counter() - started), 1)


def _median_ms(act: Callable[[], object], repeats: int = REPEATS) -> float:
    return round(statistics.median(_ms(act) for _ in range(repeats)), 1)


def _watch(run: Run) -> float:
    """The web server's share of a core, in %, while a browser shows a run that is training."""
    from playwright.sync_api import sync_playwright

    from tests.browser.conftest import FLAGS, running_app

    with running_app("app.py", home()) as app, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.goto(f"{app.url}/monitor?run={run.id}")
        page.frame_locator("iframe").first.locator(".js-plotly-plot").first.wait_for(
            timeout=120_000
        )
        page.wait_for_timeout(5000)
        assert app.process
        server = psutil.Process(app.process.pid)
        before = server.cpu_times()
        for _ in range(WATCH_SECONDS // 5):
            _append(run)
            page.wait_for_timeout(5000)
        after = server.cpu_times()
        browser.close()
    used = after.user + after.system - before.user - before.system
    return round(100 * used / WATCH_SECONDS, 1)


if __name__ == "__main__":
    main()
