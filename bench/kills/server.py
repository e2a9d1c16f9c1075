"""The web server killed while a session watches a run that trains, and started again."""

import random
import threading
import time
from contextlib import suppress
from typing import NamedTuple

import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from bench.kills.scene import (
    EVERYBODY,
    FREEZE,
    POWER_CUT,
    LostError,
    Moment,
    Scene,
)
from bench.kills.training import Reference, _met, begin, demand_whole, recovered
from engine.runs import list_runs
from tests.browser.conftest import FAILED, App, free_port


class Served(NamedTuple):
    """How a server is disturbed that shows a run.

    Attributes:
        who: is killed: `server`, or `EVERYBODY` with it.
        how: see `scene.WAYS`.
        moment: when, after the run's start.
    """

    who: str
    how: str
    moment: Moment

    def carry_out(self, scene: Scene, reference: Reference, chance: random.Random) -> dict:
        """Serve, train, kill, serve again, compare.

        Raises:
            LostError: when something is lost.
        """
        from bench.kills.scene import ROOT

        app = App(ROOT / "app.py", scene.home, free_port())
        app.start()
        watching = Watching(app.port)
        try:
            run = begin("none")
            # The session's page finds no supervisor and starts one: a child of the server.
            for supervisor in scene.processes("engine.runs.supervisor"):
                supervisor.kill()
            watching.watch(run.id)
            time.sleep(self.moment.seconds)
            met = _met(run)
            assert app.process
            only = [psutil.Process(app.process.pid)]
            scene.strike(scene.processes() if self.who == EVERYBODY else only, self.how, chance)
            watching.end()
            if self.how != FREEZE:
                app.restart()
            run, resumed = recovered(run.id)
            demand_whole(run, reference)
            if [each.id for each in list_runs()] != [run.id]:
                raise LostError("the list of runs is another")
            problems = page_problems(app.port, run.id)
            if problems:
                raise LostError(f"the page shows an error: {problems}")
        finally:
            watching.end()
            app.stop()
        return {"met": met, "resumed": resumed}


class Watching:
    """A session that asks for the Monitor page again and again, as an open page does."""

    def __init__(self, port: int) -> None:
        """Of the server at a port."""
        self._port, self._over = port, threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, run_id: str) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._ask, args=(run_id,), daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Close the page."""
        self._over.set()

    def _ask(self, run_id: str) -> None:
        with suppress(OSError, WebSocketException), _session(self._port) as session:
            while not self._over.is_set():
                _ask_for_page(session, run_id)
                _until_finished(session, 20.0)
                self._over.wait(0.5)


def page_problems(port: int, run_id: str) -> list[str]:
    """The errors that the Monitor page shows of a run."""
    with _session(port) as session:
        _ask_for_page(session, run_id)
        messages = _until_finished(session, 60.0)
    if messages is None:
        raise LostError("the page is never finished")
    elements = [message.delta.new_element for message in messages if message.HasField("delta")]
    raised = [each.exception.message for each in elements if each.HasField("exception")]
    # What the guard of a part shows in its place.
    failed = [each.alert.body for each in elements if FAILED in each.alert.body]
    return raised + failed


def _session(port: int):
    url = f"ws://localhost:{port}/_stcore/stream"
    return connect(url, origin=f"http://localhost:{port}", max_size=None, open_timeout=30)


def _ask_for_page(session, run_id: str) -> None:
    message = BackMsg()
    message.rerun_script.query_string = f"run={run_id}"
    message.rerun_script.page_name = "monitor"
    session.send(message.SerializeToString())


def _until_finished(session, seconds: float) -> list[ForwardMsg] | None:
    """What the server sends until the page is drawn; None where that takes too long."""
    messages, deadline = [], time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            message = ForwardMsg.FromString(session.recv(timeout=1.0))
        except TimeoutError:
            continue
        messages.append(message)
        if message.WhichOneof("type") == "script_finished":
            return messages
    return None


def drawn(chance: random.Random, reference: Reference, cuts: bool) -> Served:
    """A disturbance, wholly determined by `chance`."""
    who = chance.choice(["server", "server", EVERYBODY])
    ways = ["SIGKILL", "SIGTERM", "SIGSTOP, then SIGCONT", "SIGSTOP, then SIGKILL"]
    if who == EVERYBODY:
        ways = ["SIGKILL", "SIGTERM", "SIGSTOP, then SIGKILL"] + [POWER_CUT] * (2 * cuts)
    return Served(who, chance.choice(ways), Moment("", None, chance.uniform(0, reference.seconds)))
