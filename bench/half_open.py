"""Connections that send half a request: `python -m bench.half_open`.

Starts `python -m engine serve` in an empty workspace. Opens many connections that send the first
bytes of a request and no more, without a token, and keeps opening those that the service closes;
meanwhile other clients ask, each over a connection of its own. Counts how these are answered and
takes how long it takes. Prints it and writes `results/half-open.json`.
"""

import argparse
import asyncio
import contextlib
import resource
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx2
import numpy as np

from bench.reporting import markdown_table, stamp, write_json
from bench.service import Server, served
from bench.speed.machine import machine_record, machine_sentence

RESULT = Path("results/half-open.json")
CONNECTIONS, SECONDS = 1000, 40
_SENT = b"GET /hea"
_PAUSE = 0.1


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="python -m bench.half_open", description=__doc__)
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("-o", "--output", type=Path, default=RESULT)
    given = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home, served(home) as server:
        # After the service has started: it has what a machine gives a process.
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        found = asyncio.run(_measured(server, given.connections, given.seconds))
    command = (
        f"python -m bench.half_open --connections {given.connections} --seconds {given.seconds:g}"
    )
    result = {"found": found, "machine": machine_record()}
    write_json(given.output, {**stamp(command), **result})
    print(report(result))
    print(machine_sentence(result["machine"]))


def report(result: dict) -> str:
    """The table of `docs/server.md`."""
    rows = {name: f"{value:,}" for name, value in result["found"].items()}
    return markdown_table(["what", "measured"], rows.items())


async def _measured(server: Server, connections: int, seconds: float) -> dict[str, float]:
    until = time.monotonic() + seconds
    opened: Counter[str] = Counter()
    holding = [asyncio.create_task(_hold(server.port, opened)) for _ in range(connections)]
    while opened["open"] < connections:  # the first of each
        await asyncio.sleep(_PAUSE)
    answered, waits = 0, []
    while time.monotonic() < until:
        began = time.perf_counter()
        async with server.client() as client:
            with contextlib.suppress(httpx2.TransportError):
                reply = await client.get("/models")
                answered += reply.status_code == 200
        waits.append(time.perf_counter() - began)
        await asyncio.sleep(_PAUSE)
    for task in holding:
        task.cancel()
    await asyncio.gather(*holding, return_exceptions=True)
    return {
        "connections with half a request": connections,
        "opened in all": opened["open"],
        "seconds": seconds,
        "calls of others meanwhile": len(waits),
        "of them answered": answered,
        "time of such a call, ms, median": round(1000 * float(np.median(waits))),
        "time of such a call, ms, longest": round(1000 * max(waits)),
    }


async def _hold(port: int, opened: Counter[str]) -> None:
    """Keep half a request open; open another when the service closes it."""
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            opened["open"] += 1
            try:
                writer.write(_SENT)
                await reader.read()
            finally:
                writer.close()
        await asyncio.sleep(1)


if __name__ == "__main__":
    main()
