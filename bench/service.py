"""The HTTP service under load: `python -m bench.service`.

Starts `python -m engine serve` with the shipped model in an empty workspace. Fifty clients ask it
for one repeat unit after another, each a different one, without a pause; then as many send hostile
requests. Counts the answers by their status and takes how long they take. Prints it and writes
`results/service.json`.
"""

import argparse
import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import numpy as np

from bench.hostile.requests import make_request
from bench.reporting import markdown_table, stamp, write_json
from bench.speed.machine import machine_record, machine_sentence
from bench.stream_memory import made_up_units, resident_mb
from tests.browser.conftest import free_port

RESULT = Path("results/service.json")
CLIENTS, SECONDS, FUZZ = 50, 60, 5000
_SHOWN = "a token for this measurement"
_UNITS = 60_000
_PATIENCE = 120.0


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="python -m bench.service", description=__doc__)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of load")
    parser.add_argument("--fuzz", type=int, default=FUZZ, help="hostile requests")
    parser.add_argument("-o", "--output", type=Path, default=RESULT)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home, served(home) as server:
        load = asyncio.run(_load(server, given.clients, given.seconds))
        fuzz = asyncio.run(_fuzz(server, given.clients, given.fuzz))
        load["memory of all processes, MB"] = round(resident_mb(server.pid))
    load["load average of the machine"] = round(os.getloadavg()[1], 1)
    command = (
        f"python -m bench.service --clients {given.clients} --seconds {given.seconds:g} "
        f"--fuzz {given.fuzz}"
    )
    result = {"load": load, "fuzz": fuzz, "machine": machine_record()}
    write_json(given.output, {**stamp(command), **result})
    print(report(result))
    print(machine_sentence(result["machine"]))


def report(result: dict) -> str:
    """The table of `docs/server.md`."""
    fuzz = result["fuzz"]
    told = ", ".join(f"{count:,} × {status}" for status, count in sorted(fuzz["statuses"].items()))
    rows = {
        **{name: f"{value:,}" for name, value in result["load"].items()},
        f"{fuzz['requests']:,} hostile requests, by status": told,
        "of them 500, or without an answer": f"{fuzz['errors']:,}",
    }
    return markdown_table(["what", "measured"], rows.items())


class Server:
    """The service: its process, and where it answers."""

    def __init__(self, home: str) -> None:
        self.port = free_port()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "engine", "serve", "--port", str(self.port)],
            env={**os.environ, "POLYGIN_HOME": home, "POLYGIN_TOKEN": _SHOWN},
            stdout=subprocess.DEVNULL,
        )
        self.pid = self._process.pid

    def client(self) -> httpx2.AsyncClient:
        """Shows the token, over a connection of its own."""
        headers = {"Authorization": f"Bearer {_SHOWN}"}
        address = f"http://127.0.0.1:{self.port}"
        return httpx2.AsyncClient(base_url=address, headers=headers, timeout=_PATIENCE)

    def end(self) -> None:
        """End it as Ctrl-C does."""
        self._process.terminate()
        self._process.wait()


@contextmanager
def served(home: str) -> Iterator[Server]:
    server = Server(home)
    try:
        asyncio.run(_until_it_answers(server))
        yield server
    finally:
        server.end()


async def _until_it_answers(server: Server) -> None:
    """Wait until all its processes have loaded the model."""
    async with server.client() as client:
        for _ in range(600):
            try:
                await client.get("/health")
                break
            except httpx2.TransportError:
                await asyncio.sleep(0.1)
        asked = [client.post("/predict", json={"repeat_units": ["*CC*"] * 100}) for _ in range(8)]
        await asyncio.gather(*asked)


async def _load(server: Server, clients: int, seconds: float) -> dict[str, float]:
    """What clients see that ask without a pause."""
    waits: list[float] = []
    statuses: Counter[str] = Counter()
    units, until = iter(made_up_units(_UNITS)), time.monotonic() + seconds

    async def ask(client: httpx2.AsyncClient) -> None:
        while time.monotonic() < until:
            began = time.perf_counter()
            reply = await client.post("/predict", json={"repeat_units": next(units)})
            waits.append(time.perf_counter() - began)
            is_whole = reply.status_code == 200 and not reply.json()["answers"][0]["problem"]
            statuses["answered" if is_whole else str(reply.status_code)] += 1

    await _at_once(server, clients, ask)
    return {
        "clients at once": clients,
        "seconds": seconds,
        "calls of one repeat unit": len(waits),
        "errors": statuses.total() - statuses["answered"],
        "calls a second": round(len(waits) / seconds, 1),
        "time of a call, ms, median": round(1000 * float(np.percentile(waits, 50))),
        "time of a call, ms, 95th percentile": round(1000 * float(np.percentile(waits, 95))),
        "time of a call, ms, longest": round(1000 * max(waits)),
    }


async def _fuzz(server: Server, clients: int, count: int) -> dict[str, object]:
    """How hostile requests are answered."""
    statuses: Counter[str] = Counter()
    numbers = iter(range(count))

    async def send(client: httpx2.AsyncClient) -> None:
        for number in numbers:
            method, path, arguments = make_request(random.Random(f"service {number}"))
            try:
                reply = await client.request(method, path, **arguments)
                statuses[str(reply.status_code)] += 1
            except httpx2.InvalidURL:
                statuses["not sent: no address"] += 1
            except httpx2.TransportError as error:
                statuses[type(error).__name__] += 1

    await _at_once(server, clients, send)
    fine = sum(statuses[name] for name in statuses if name[0] in "1234n" or name in ("503", "504"))
    errors = statuses.total() - fine
    return {"requests": count, "errors": errors, "statuses": dict(sorted(statuses.items()))}


async def _at_once(
    server: Server, clients: int, work: Callable[[httpx2.AsyncClient], Awaitable[None]]
) -> None:
    async def one() -> None:
        async with server.client() as client:
            await work(client)

    await asyncio.gather(*(one() for _ in range(clients)))


if __name__ == "__main__":
    main()
