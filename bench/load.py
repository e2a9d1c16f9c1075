"""Many people at once: `python -m bench.load`.

Twenty browser sessions click through all pages while two runs train. Counts what goes wrong, and
takes how long a page's first content takes, and what a session costs the server in memory and file
descriptors. Prints it and writes `results/load.json`.
"""

import argparse
import asyncio
import os
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
import psutil
from playwright.async_api import Browser, Page, async_playwright
from playwright.async_api import Error as PlaywrightError

from bench.reporting import stamp, write_json
from bench.speed.machine import machine_record, machine_sentence
from engine.base.workspace import ASSETS, home
from engine.runs import RunConfig, find_run, list_runs, start_run, stop_run
from engine.table import load_table
from tests.browser.conftest import FAILED, FLAGS, running_app

RESULT = Path("results/load.json")
PAGES = ("Predict", "Train", "Monitor", "Compare", "Submission", "Errors")
TRAINING = 2
"""Runs that train meanwhile; when one ends, another begins."""
_PATIENCE_MS = 120_000
_DRAWN = "[data-testid=stApp][data-test-script-state=notRunning]"
_QUIET_SECONDS = 20
"""So long after the last session has closed, the server's descriptors are counted again."""


class Seen:
    """What all sessions have seen.

    Attributes:
        waits: by page, the seconds from the click to its title, and to all of it.
        wrong: how often each kind of error occurred.
        words: of the first errors.
    """

    def __init__(self) -> None:
        self.waits: dict[str, list[tuple[float, float]]] = {name: [] for name in PAGES}
        self.wrong: Counter[str] = Counter()
        self.words: list[str] = []

    def note(self, kind: str, words: str) -> None:
        """Count an error."""
        self.wrong[kind] += 1
        if len(self.words) < 20:
            self.words.append(f"{kind}: {words[:300]}")

    def watch(self, page: Page) -> None:
        """Count what goes wrong in a page."""
        page.on("pageerror", lambda error: self.note("error in the page", str(error)))
        page.on("console", lambda said: self._console(said.type, said.text, said.location))
        page.on("response", lambda answer: self._answer(answer.status, answer.url))

    def _console(self, kind: str, text: str, place: dict) -> None:
        if kind == "error" and not _is_expected(str(place.get("url", ""))):
            self.note("error in the console", f"{text} {place}")

    def _answer(self, status: int, url: str) -> None:
        if status >= 400 and not _is_expected(url):
            self.note("HTTP status", f"{status} {url}")


def _is_expected(url: str) -> bool:
    """Streamlit first looks for its addresses below the page's own, where they are not."""
    path = url.partition("//")[2].partition("/")[2]
    return "/_stcore/" in path and not path.startswith("_stcore/")


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=2, help="how often each sees every page")
    parser.add_argument("-o", "--output", type=Path, default=RESULT)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ["POLYGIN_HOME"] = folder
        (home() / "limits.yaml").write_text(f"runs_at_once: {TRAINING}\n")
        figures = _measured(given.sessions, given.rounds)
    machine = machine_record()
    for name, value in figures.items():
        print(f"{name}: {value}")
    print(machine_sentence(machine))
    command = f"python -m bench.load --sessions {given.sessions} --rounds {given.rounds}"
    write_json(given.output, {**stamp(command), "figures": figures, "machine": machine})


def _measured(sessions: int, rounds: int) -> dict[str, object]:
    _train_to_the_end("first")
    _train_to_the_end("second")
    load = round(os.getloadavg()[0], 2)
    stop = threading.Event()
    trainer = threading.Thread(target=_keep_training, args=(stop,))
    trainer.start()
    try:
        with running_app("app.py", home()) as app:
            assert app.process
            server = psutil.Process(app.process.pid)
            seen, cost = asyncio.run(_visited(app.url, server, sessions, rounds))
    finally:
        stop.set()
        trainer.join()
    ended = Counter(run.state for run in list_runs())
    return {**_waits(seen), **cost, **_errors(seen), "runs": dict(ended), "load average": load}


async def _visited(
    url: str, server: psutil.Process, sessions: int, rounds: int
) -> tuple[Seen, dict[str, object]]:
    """What all sessions see, and what they cost the server."""
    seen = Seen()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        # One session first, so that the server has loaded its libraries and models.
        await _visit(browser, url, 0, 1, Seen())
        await asyncio.sleep(_QUIET_SECONDS)
        before, worked = _cost(server), _cpu_seconds(server)
        opened = [
            asyncio.create_task(_visit(browser, url, number, rounds, seen, keep=True))
            for number in range(sessions)
        ]
        contexts = await asyncio.gather(*opened)
        during, worked = _cost(server), _cpu_seconds(server) - worked
        for context in contexts:
            await context.close()
        await asyncio.sleep(_QUIET_SECONDS)
        after = _cost(server)
        await browser.close()
    grown = (during["memory, MB"] - before["memory, MB"]) / sessions
    kinds = {"before": before, "with all sessions open": during, "after they closed": after}
    shown = sum(map(len, seen.waits.values()))
    cost = {
        "server's CPU seconds per page": round(worked / max(shown, 1), 2),
        "memory per session, MB": round(grown, 1),
    }
    return seen, {**cost, "server": kinds}


async def _visit(
    browser: Browser, url: str, number: int, rounds: int, seen: Seen, keep: bool = False
):
    """One session: open a page by its address, then click through all of them."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(_PATIENCE_MS)
    page = await context.new_page()
    seen.watch(page)
    # Each begins with another page.
    order = [PAGES[(number + place) % len(PAGES)] for place in range(len(PAGES))]
    await page.goto(f"{url}/{order[-1].lower()}", wait_until="commit")
    await page.get_by_test_id("stSidebarNav").wait_for()
    try:
        await _click_through(page, order * rounds, seen)
    except PlaywrightError as error:
        # What the page shows then is most often the reason.
        picture = Path(tempfile.gettempdir()) / f"load-{os.getpid()}-{number}.png"
        await page.screenshot(path=picture)
        seen.note("session that got stuck", f"{error} (see {picture})")
    if not keep:
        await context.close()
    return context


async def _click_through(page: Page, names: list[str], seen: Seen) -> None:
    for name in names:
        began = time.perf_counter()
        await page.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()
        await page.get_by_test_id("stMain").get_by_role("heading", name=name, level=1).wait_for()
        first = time.perf_counter() - began
        await page.locator(_DRAWN).wait_for()
        seen.waits[name].append((first, time.perf_counter() - began))
        if await page.get_by_test_id("stException").count():
            seen.note("exception on the page", name)
        if await page.get_by_text(FAILED).count():
            seen.note("part that failed", name)


def _cpu_seconds(server: psutil.Process) -> float:
    times = server.cpu_times()
    return times.user + times.system


def _cost(server: psutil.Process) -> dict[str, float]:
    """What the server holds now: memory, and its descriptors by kind."""
    kinds: Counter[str] = Counter()
    for entry in Path(f"/proc/{server.pid}/fd").iterdir():
        try:
            target = os.readlink(entry)
        except OSError:
            continue
        kinds[target.partition(":")[0] if ":" in target else Path(target).name] += 1
    common = dict(kinds.most_common(8))
    memory = round(server.memory_info().rss / 2**20, 1)
    threads = server.num_threads()
    return {"memory, MB": memory, "threads": threads, "descriptors": kinds.total(), **common}


def _waits(seen: Seen) -> dict[str, object]:
    firsts = [first for waits in seen.waits.values() for first, _ in waits]
    wholes = [whole for waits in seen.waits.values() for _, whole in waits]
    by_page = {
        name: round(float(np.percentile([first for first, _ in waits], 95)), 2)
        for name, waits in seen.waits.items()
        if waits
    }
    return {
        "pages shown": len(firsts),
        "first content, s, median": round(float(np.median(firsts)), 2),
        "first content, s, p95": round(float(np.percentile(firsts, 95)), 2),
        "first content, s, p95 by page": by_page,
        "whole page, s, p95": round(float(np.percentile(wholes, 95)), 2),
    }


def _errors(seen: Seen) -> dict[str, object]:
    return {"errors": seen.wrong.total(), "errors by kind": dict(seen.wrong), "words": seen.words}


def _start(name: str) -> str:
    table = load_table(ASSETS / "textbook.csv")
    return start_run(table, RunConfig(name=name, preset="smoke", folds="random:3")).id


def _train_to_the_end(name: str) -> None:
    run_id = _start(name)
    while find_run(run_id).alive:
        time.sleep(0.5)
    assert find_run(run_id).state == "done"


def _keep_training(stop: threading.Event) -> None:
    """Let so many runs train at any time, until it is enough."""
    number = 0
    while not stop.wait(0.5):
        while sum(run.alive for run in list_runs()) < TRAINING:
            number += 1
            _start(f"meanwhile {number}")
    for run in list_runs():
        if run.alive:
            stop_run(run)


if __name__ == "__main__":
    main()
