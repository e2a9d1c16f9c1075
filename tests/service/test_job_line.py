"""The line of jobs: who may wait in it, what is kept, and what it outlasts."""

import errno
import io
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import BinaryIO

import pytest
from fastapi import UploadFile

from engine.base.errors import UserError
from engine.base.limits import Limits
from engine.base.workspace import home
from engine.service import carrying_out
from engine.service import jobs as jobs_module
from engine.service.asked import AskedJob
from engine.service.carrying_out import Reporter, carry_out
from engine.service.job import Job, JobFiles
from engine.service.job_calls import told
from engine.service.jobs import KEPT_DAYS, Jobs, new_job
from engine.service.models import ServedModel, find_served
from engine.service.replies import BusyError, TooManyError
from tests.service.test_jobs import TABLE

_PATIENCE = 6000


def test_what_is_being_done_is_said_with_how_far_it_is() -> None:
    files = JobFiles(home())
    job, _ = _new_job(io.BytesIO(TABLE))
    reporter = Reporter(files, job)
    reporter.predicted("first pass", 20_000, 20_000)
    reporter.predicted("sample", 192, 1_920)
    said = told(files.read())
    assert (said["doing"], said["done"], said["total"]) == ("sample", 192, 1920)


def test_jobs_that_ended_long_ago_are_gone_and_others_are_kept() -> None:
    jobs = Jobs(Limits())
    long_ago = time.time() - (KEPT_DAYS + 1) * 24 * 3600
    for key, state, ended in (("a", "done", long_ago), ("b", "done", time.time()), ("c", "", None)):
        job = {
            **{name: "" for name in ("table", "suffix", "model", "model_name", "folder", "digest")},
            **{"id": key * 16, "created": long_ago, "ended": ended},
            **({"state": state} if state else {}),
        }
        folder = home() / "service" / job["id"]
        folder.mkdir()
        (folder / "job.json").write_text(json.dumps(job))
    damaged = home() / "service" / ("d" * 16)
    damaged.mkdir()
    (damaged / "job.json").write_text("{")
    half_written = home() / "service" / ("f" * 16)
    half_written.mkdir()
    (half_written / "table.csv").write_text("SMILES\n*C")
    (home() / "service" / ("e" * 16)).symlink_to(home())
    jobs.start()
    jobs.close()
    assert [job.id[0] for job in jobs.all()] == ["b", "c"]
    assert damaged.exists()
    assert not half_written.exists()


class _Process:
    """A process that cannot be started at first, and then ends at once."""

    refused = 0
    exitcode = 3

    def __init__(self, target: object, args: object) -> None:
        pass

    def start(self) -> None:
        if _Process.refused < 2:
            _Process.refused += 1
            raise OSError(errno.ENOMEM, "Cannot allocate memory")

    def join(self) -> None:
        pass


def test_a_machine_that_starts_no_process_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(jobs_module.SPAWN, "Process", _Process)
    monkeypatch.setattr(jobs_module, "_SECONDS_TO_RETRY", 0.05)
    jobs = Jobs(Limits())
    jobs.start()
    key = jobs.add(*_new_job(io.BytesIO(TABLE)), io.BytesIO(TABLE)).id
    for _ in range(_PATIENCE):
        if jobs.find(key)[0].has_ended:
            break
        time.sleep(0.1)
    assert _Process.refused == 2
    assert "exit code 3" in jobs.find(key)[0].words
    assert "Cannot allocate memory" in capfd.readouterr().err
    jobs.close()
    Jobs(Limits()).close()  # its lock is free


def test_jobs_are_let_go_of_while_no_process_can_be_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(jobs_module.SPAWN, "Process", _Process)
    monkeypatch.setattr(_Process, "refused", -(10**9))
    jobs = Jobs(Limits())
    jobs.start()
    key = jobs.add(*_new_job(io.BytesIO(TABLE)), io.BytesIO(TABLE)).id
    while _Process.refused == -(10**9):
        time.sleep(0.01)
    jobs.remove(key)
    jobs.close()
    Jobs(Limits()).close()


class _Slow(io.BytesIO):
    """An upload that waits, before its end, until all have begun."""

    def __init__(self, all_begun: threading.Barrier) -> None:
        super().__init__(TABLE)
        self._all_begun = all_begun

    def read(self, size: int | None = -1) -> bytes:
        with suppress(threading.BrokenBarrierError):
            self._all_begun.wait(2)
        return super().read(size)


def _new_job(table: BinaryIO, **fields: object) -> tuple[Job, ServedModel]:
    model = find_served("shipped")
    return new_job(AskedJob(file=UploadFile(table, filename="t.csv"), **fields), model), model


def test_jobs_that_are_being_uploaded_wait_already() -> None:
    jobs, begun = Jobs(Limits(jobs_waiting=3)), threading.Barrier(8)

    def add() -> bool:
        table = _Slow(begun)
        with suppress(BusyError):
            jobs.add(*_new_job(table), table)
            return True
        return False

    with ThreadPoolExecutor(8) as threads:
        added = [task.result() for task in [threads.submit(add) for _ in range(8)]]
    assert added.count(True) == len(jobs.all()) == 3
    jobs.close()


def test_no_job_is_taken_where_the_disk_is_nearly_full() -> None:
    jobs = Jobs(Limits(free_disk_gb=10**6))
    with pytest.raises(BusyError, match="nearly full"):
        jobs.add(*_new_job(io.BytesIO(TABLE)), io.BytesIO(TABLE))
    assert jobs.all() == []
    jobs.close()


def test_a_table_that_is_too_large_leaves_nothing() -> None:
    jobs = Jobs(Limits(upload_mb=1))
    with pytest.raises(TooManyError, match="1 MB"):
        jobs.add(*_new_job(io.BytesIO()), io.BytesIO(b"x" * (2**20 + 1)))
    assert [each.name for each in (home() / "service").iterdir() if each.is_dir()] == []
    jobs.close()


def test_a_model_that_was_replaced_meanwhile_is_another_one() -> None:
    files = JobFiles(home())
    job, _ = _new_job(io.BytesIO(TABLE))
    files.write(job.model_copy(update={"digest": "0" * 64}))
    files.table(job.suffix).write_bytes(TABLE)
    with ThreadPoolExecutor(1) as thread, pytest.MonkeyPatch.context() as patch:
        patch.setattr(carrying_out.signal, "signal", lambda *words: None)
        patch.setattr(carrying_out.os, "nice", lambda by: 0)
        patch.setattr(carrying_out, "obey_parent", lambda: None)
        thread.submit(carry_out, str(home())).result()
    assert files.read().state == "failed"
    assert "is another one now" in files.read().words


def test_of_many_jobs_that_have_ended_the_last_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_module, "MOST_KEPT", 2)
    jobs = Jobs(Limits())
    made = []
    for number in range(4):
        job, _ = _new_job(io.BytesIO(TABLE))
        done = {"state": "done", "created": float(number), "ended": time.time()}
        files = JobFiles(home() / "service" / job.id)
        files.folder.mkdir()
        files.write(job.model_copy(update=done))
        made.append(job.id)
    jobs.start()
    jobs.close()
    assert [job.id for job in jobs.all()] == made[2:]


def test_one_service_is_at_work_in_a_workspace() -> None:
    jobs = Jobs(Limits())
    with pytest.raises(UserError, match="Another service is at work"):
        Jobs(Limits())
    jobs.close()
    Jobs(Limits()).close()
