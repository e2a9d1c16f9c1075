"""Batch jobs: an uploaded table, predicted by a process of its own."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from engine.inference.bundle import SHIPPED
from engine.inference.predict import Predictor
from engine.screening import screen
from engine.service.job import MOST_ROWS
from tests.browser.conftest import free_port
from tests.conftest import ROOT
from tests.service.conftest import TOKEN

_PATIENCE = 6000
"""Tenths of a second that a job may take on a busy machine."""

TABLE = b"id,SMILES\na,*CC*\nb,*CC(*)c1ccccc1\nc,no unit\n"


@pytest.fixture(autouse=True)
def no_jobs(request: pytest.FixtureRequest) -> None:
    """No jobs that other tests have left."""
    if "client" in request.fixturenames:
        client = request.getfixturevalue("client")
        for job in client.get("/jobs").json()["jobs"]:
            client.delete(f"/jobs/{job['id']}")


def _upload(client: TestClient, name: str = "t.csv", table: bytes = TABLE, **fields: str):
    return client.post("/jobs", files={"file": (name, table)}, data=fields)


def ended(client, key: str) -> dict:
    """A job, once it has ended."""
    for _ in range(_PATIENCE):
        job = client.get(f"/jobs/{key}").json()
        if job["state"] in ("done", "failed"):
            return job
        time.sleep(0.1)
    raise AssertionError(job)


def test_a_table_is_uploaded_predicted_and_taken_home(client: TestClient) -> None:
    reply = _upload(client)
    assert reply.status_code == 202
    key = reply.json()["id"]
    assert reply.headers["location"] == f"jobs/{key}"
    assert client.get(f"/jobs/{key}/result").status_code == 409
    job = ended(client, key)
    assert (job["state"], job["done"], job["kept"], job["problems"]) == ("done", 3, 2, 1)
    assert (job["doing"], job["in_full"], job["outside"]) == ("", 3, 0)
    assert job["model"]["id"] == "shipped"
    assert [each["id"] for each in client.get("/jobs").json()["jobs"]] == [key]
    result = client.get(f"/jobs/{key}/result")
    assert result.headers["content-type"].startswith("text/csv")
    kept = pd.read_csv(io.StringIO(result.text))
    assert kept["id"].tolist() == ["a", "b"]
    asked = {"repeat_units": kept["SMILES"].tolist()}
    for row, answer in enumerate(client.post("/predict", json=asked).json()["answers"]):
        for name, value in answer["properties"].items():
            assert kept.at[row, name] == value["value"]
            assert kept.at[row, f"{name}_low"] == value["low"]
            assert kept.at[row, f"{name}_domain"] == value["domain"]
    problems = pd.read_csv(io.StringIO(client.get(f"/jobs/{key}/problems").text))
    assert problems["id"].tolist() == ["c"]
    assert client.delete(f"/jobs/{key}").status_code == 204
    assert client.get(f"/jobs/{key}").status_code == 404
    assert client.delete(f"/jobs/{key}").status_code == 404


@pytest.mark.parametrize(
    ("name", "fields", "words"),
    [
        ("t.exe", {}, "is no table by its name"),
        ("t.csv.gz", {}, "is no table by its name"),
        ("t.csv", {"keep": "XYZ > 3"}, "predicts no 'XYZ'"),
        ("t.csv", {"keep": "Tg high"}, "no end to be kept by"),
        ("t.csv", {"by": "Tg high, Tc low", "top": "3"}, "one property"),
        ("t.csv", {"top": "-1"}, "top"),
        ("t.csv", {"conditions": "300"}, "is no JSON such as"),
        ("t.csv", {"conditions": '{"T": 300}'}, "knows no condition"),
        ("t.csv", {"nothing": "1"}, "`nothing` is none of"),
    ],
)
def test_what_cannot_be_carried_out_is_no_job(
    client: TestClient, name: str, fields: dict, words: str
) -> None:
    reply = _upload(client, name, **fields)
    assert reply.status_code == 422
    assert words in reply.json()["detail"]
    assert client.get("/jobs").json()["jobs"] == []


def test_more_jobs_than_may_wait_are_told_to_come_again(client: TestClient) -> None:
    keys = [_upload(client).json()["id"] for _ in range(3)]
    reply = _upload(client)
    assert reply.status_code == 503
    assert int(reply.headers["retry-after"]) > 0
    assert all(client.delete(f"/jobs/{key}").status_code == 204 for key in keys)
    assert client.get("/jobs").json()["jobs"] == []


def test_a_table_that_cannot_be_read_fails_with_a_sentence(client: TestClient) -> None:
    key = _upload(client, "my own.csv", b"a,b\n1,2\n").json()["id"]
    job = ended(client, key)
    assert job["state"] == "failed"
    assert "my own.csv" in job["words"]
    assert "table.csv" not in job["words"]
    assert str(ROOT) not in job["words"]
    assert "/tmp" not in job["words"]
    reply = client.get(f"/jobs/{key}/result")
    assert reply.status_code == 409
    assert job["words"] in reply.json()["detail"]
    client.delete(f"/jobs/{key}")


def test_a_table_with_too_many_rows_is_refused_before_they_are_read(client: TestClient) -> None:
    codes = pa.array(np.zeros(MOST_ROWS + 1, dtype=np.int8))
    file = io.BytesIO()
    units = pa.DictionaryArray.from_arrays(codes, pa.array(["*CC*"]))
    pq.write_table(pa.table({"SMILES": units}), file)
    assert len(file.getvalue()) < 100_000
    job = ended(client, _upload(client, "t.parquet", file.getvalue()).json()["id"])
    assert job["state"] == "failed"
    assert "has 5,000,001 rows" in job["words"]
    assert job["total"] is None


def test_a_damaged_table_is_called_by_its_name(client: TestClient) -> None:
    job = ended(client, _upload(client, "units.parquet", b"PAR1" * 20).json()["id"])
    assert job["state"] == "failed"
    assert job["words"].startswith("units.parquet is a damaged")


@pytest.mark.parametrize("key", ["0" * 16, "..", "../service", "x", "%00", "0" * 5000])
def test_an_unknown_job_is_unknown(client: TestClient, key: str) -> None:
    for path in (f"/jobs/{key}x", f"/jobs/{key}x/result", f"/jobs/{key}x/problems"):
        assert client.get(path).status_code == 404
    assert client.delete(f"/jobs/{key}x").status_code == 404


@contextmanager
def _served(home: Path) -> Iterator[httpx2.Client]:
    """A service as people start it, and who asks it; all its processes are killed at the end."""
    port = free_port()
    own = {"POLYGIN_HOME": str(home), "POLYGIN_TOKEN": TOKEN, "POLYGIN_PRELOAD": "0"}
    process = subprocess.Popen(
        [sys.executable, "-m", "engine", "serve", "--port", str(port), "--workers", "1"],
        cwd=ROOT,
        env={**os.environ, **own},
        start_new_session=True,
    )
    try:
        address, shown = f"http://127.0.0.1:{port}", {"Authorization": f"Bearer {TOKEN}"}
        with httpx2.Client(base_url=address, headers=shown, timeout=60) as client:
            _until(lambda: _answers(client) or process.poll() is not None)
            yield client
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answers(client: httpx2.Client) -> bool:
    with suppress(httpx2.TransportError):
        return client.get("/health").status_code == 200
    return False


def _until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so, but not without end."""
    until = time.monotonic() + _PATIENCE / 10
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)


def _killed_and_done(home: Path, table: bytes, may_be_killed: Callable[[Path], bool]) -> str:
    """The result of a job whose service is killed as soon as that may be, and started again."""
    with _served(home) as client:
        key = _upload(client, table=table).json()["id"]
        _until(lambda: may_be_killed(home / "service" / key))
    with _served(home) as client:
        job = ended(client, key)
        assert job["state"] == "done", job
        return client.get(f"/jobs/{key}/result").text


def _state(folder: Path) -> str:
    return json.loads((folder / "job.json").read_text())["state"]


def test_a_job_survives_that_the_service_is_killed(tmp_path: Path) -> None:
    result = _killed_and_done(tmp_path / "home", TABLE, lambda folder: _state(folder) == "working")
    assert pd.read_csv(io.StringIO(result))["id"].tolist() == ["a", "b"]


@pytest.mark.slow
def test_a_killed_job_goes_on_and_ends_the_same(tmp_path: Path) -> None:
    units = [f"*{'C' * (n % 40 + 1)}C(*){'O' * (n % 2)}{'C' * (n // 40 % 40)}" for n in range(4000)]
    table = pd.DataFrame({"id": range(len(units)), "SMILES": units}).to_csv(index=False).encode()

    def has_parts(folder: Path) -> bool:
        assert _state(folder) in ("waiting", "working")  # it is not done before it can be killed
        return any((folder / "result.csv.parts").glob("*/*.parquet"))

    result = _killed_and_done(tmp_path / "home", table, has_parts)
    (tmp_path / "t.csv").write_bytes(table)
    screen(Predictor(SHIPPED), [tmp_path / "t.csv"], tmp_path / "out.csv")
    assert result == (tmp_path / "out.csv").read_text()
