"""The service as an app: what can be asked, and at which address."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, Depends, FastAPI, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPBearer
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp

from ..base.errors import UserError
from ..base.wording import clipped, counted
from ..inference.conformal import LEVEL
from . import answering, asked
from .door import Door
from .job import Job
from .jobs import KEPT_DAYS, Jobs, new_job
from .line import Line
from .models import ServedModel, described_models, find_served
from .pages import add_page
from .replies import LateError, NotReadyError, Reply, TooManyError, UnknownError, add_refusals
from .settings import ServiceSettings

_STEP = 2**18
_TOLD = {
    *("id", "table", "created", "state", "doing", "done", "total"),
    *("ended", "kept", "problems", "guesses", "words"),
}
"""What is told of a job."""

_REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"model": asked.Refusal, "description": "The token is missing or wrong."},
    404: {"model": asked.Refusal, "description": "There is no such model or job."},
    413: {"model": asked.Refusal, "description": "It is too large."},
    422: {"model": asked.Refusal, "description": "It cannot be carried out as it was asked."},
    503: {"model": asked.Refusal, "description": "Too much waits; see the header Retry-After."},
}
_DESCRIPTION = f"""Predicts properties of polymers from their repeat units.

What cannot be answered has a status of 400 or more, and in `detail` a sentence that says why.
A unit that cannot be read has its own `problem`; the others of the call are answered. Tables are
uploaded as jobs, which are kept for {KEPT_DAYS} days."""


def make_app(settings: ServiceSettings, jobs: Jobs) -> ASGIApp:
    """The app of a service.

    Args:
        settings: of the service.
        jobs: of the workspace, which are gone on with while the app runs.
    """

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        line = Line(
            settings.workers,
            settings.limits.calls_waiting,
            settings.call_seconds,
            settings.cpu_seconds,
            answering.prepare,
        )
        app.state.jobs, app.state.line, app.state.settings = jobs, line, settings
        jobs.start()
        line.open(answering.ready if settings.preload else None)
        try:
            yield
        finally:
            await run_in_threadpool(jobs.close)
            await line.close()

    app = FastAPI(
        title="PolyGIN Studio",
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=running,
        # To an address with the name under which the service was reached, and without TLS.
        redirect_slashes=False,
    )
    add_refusals(app)
    policy = add_page(app)
    _add_health(app)
    shown = [Depends(HTTPBearer(auto_error=False))] if settings.token else []
    app.include_router(_router, dependencies=shown, responses=_REFUSALS)
    return Door(app, settings, policy)


def _add_health(app: FastAPI) -> None:
    @app.head("/health", include_in_schema=False)
    @app.get("/health", response_model=asked.Health, tags=["service"])
    async def health() -> Reply:
        """Whether the service answers; no token is asked for."""
        return Reply({"status": "ok"})


_router = APIRouter(redirect_slashes=False)


@_router.get("/models", response_model=asked.ModelList, tags=["predictions"])
def models() -> Reply:
    """The models that can answer: the shipped one, those of finished runs, imported ones."""
    return Reply({"models": described_models()})


@_router.post("/predict", response_model=asked.Prediction, tags=["predictions"])
async def predict(body: asked.AskedPrediction, request: Request) -> Reply:
    """Predict repeat units, with intervals, domain, and measured values that the model learned."""
    units = asked.units_of(body.repeat_units)
    _demand_units(units, request)
    model = await run_in_threadpool(find_served, body.model)
    info = await run_in_threadpool(lambda: model.info)
    conditions = tuple((name, str(value)) for name, value in body.conditions.items())
    names = tuple(dict.fromkeys(body.properties))
    shared = (*model.key, names, body.level, conditions, body.fragments)
    line = request.app.state.line
    answers = await while_asked(request, line.ask(answering.predict, shared, units))
    level = (LEVEL if body.level is None else body.level) if info.has_intervals else None
    return Reply({"model": _named(model), "level": level, "answers": answers})


def _demand_units(units: Sequence[str], request: Request) -> None:
    """Refuse a call without repeat units, or with more than a call may have."""
    most = request.app.state.settings.limits.units_per_call
    if not units:
        raise UserError("There is no repeat unit: give at least one in `repeat_units`.")
    if len(units) > most:
        raise TooManyError(
            f"A call may have {counted(most, 'repeat unit')}, and this one has "
            f"{len(units):,}: ask in parts, or upload a table to /jobs."
        )


@_router.post(
    "/neighbours", response_model=asked.Neighbours | asked.NeighboursOfOne, tags=["predictions"]
)
async def neighbours(body: asked.AskedNeighbours, request: Request) -> Reply:
    """The most similar polymers that the model learned, with their labels, by property."""
    given = body.repeat_units if body.repeat_unit is None else body.repeat_unit
    if given is None or None not in (body.repeat_units, body.repeat_unit):
        raise UserError("Give `repeat_units`, or one as `repeat_unit`.")
    units = asked.units_of(given)
    _demand_units(units, request)
    model = await run_in_threadpool(find_served, body.model)
    shared = (*model.key, tuple(dict.fromkeys(body.properties)), body.count)
    line = request.app.state.line
    asking = line.ask(answering.neighbours, shared, units, is_alone=True)
    answers = await while_asked(request, asking)
    if body.repeat_unit is None:
        return Reply({"model": _named(model), "answers": answers})
    (answer,) = answers
    if problem := answer.pop("problem"):
        raise UserError(f"{clipped(body.repeat_unit)!r} cannot be read: {problem}")
    return Reply({"model": _named(model), **answer})


async def _each_once(request: Request) -> None:
    """Refuse a form in which a field is given twice, of which only one would be read."""
    form = await request.form()
    for name in form:
        if len(form.getlist(name)) > 1:
            raise UserError(
                f"The field {clipped(name)!r} is given more than once: a job has one of each."
            )


@_router.post(
    "/jobs",
    response_model=asked.JobTold,
    status_code=202,
    tags=["jobs"],
    dependencies=[Depends(_each_once)],
)
def add_job(
    form: Annotated[asked.AskedJob, Form(media_type="multipart/form-data")], request: Request
) -> Reply:
    """Upload a table of repeat units, or of polymers' names, to be predicted."""
    model = find_served(form.model)
    job = request.app.state.jobs.add(new_job(form, model), model, form.file.file)
    return Reply(told(job), 202, {"Location": f"jobs/{job.id}"})


@_router.get("/jobs", response_model=asked.JobList, tags=["jobs"])
def list_jobs(request: Request) -> Reply:
    """All jobs, the oldest first."""
    return Reply({"jobs": [told(job) for job in request.app.state.jobs.all()]})


@_router.get("/jobs/{key}", response_model=asked.JobTold, tags=["jobs"])
def tell_job(key: str, request: Request) -> Reply:
    """How far a job is."""
    job, _ = request.app.state.jobs.find(key)
    return Reply(told(job))


@_router.get("/jobs/{key}/result", response_class=Response, tags=["jobs"])
def result(key: str, request: Request) -> Response:
    """The rows that were predicted, as CSV."""
    job, files = request.app.state.jobs.find(key)
    return _csv(job, files.result, f"predicted-{job.id}.csv")


@_router.get("/jobs/{key}/problems", response_class=Response, tags=["jobs"])
def problems(key: str, request: Request) -> Response:
    """The rows that could not be predicted, with reasons, as CSV; empty without any."""
    job, files = request.app.state.jobs.find(key)
    if job.state == "done" and not job.problems:
        return Response("", media_type="text/csv")
    return _csv(job, files.problems, f"problems-{job.id}.csv")


@_router.delete("/jobs/{key}", status_code=204, tags=["jobs"])
def remove_job(key: str, request: Request) -> Response:
    """Stop a job if it is worked on, and remove its files."""
    request.app.state.jobs.remove(key)
    return Response(status_code=204)


async def while_asked(request: Request, asking: Coroutine[Any, Any, list]) -> list:
    """What is answered, unless the caller is gone before: then nothing is done for it.

    Args:
        request: whose body has been read.
        asking: what asks for the answers.
    """

    async def until_gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    answered, gone = asyncio.create_task(asking), asyncio.create_task(until_gone())
    try:
        await asyncio.wait({answered, gone}, return_when=asyncio.FIRST_COMPLETED)
        if answered.done():
            return answered.result()
        raise LateError("The caller is gone.")
    finally:
        answered.cancel()
        gone.cancel()
        await asyncio.wait({answered, gone})


def _named(model: ServedModel) -> dict:
    return {"id": model.id, "name": model.name}


def told(job: Job) -> dict:
    """What is told of a job."""
    model = {"id": job.model, "name": job.model_name}
    return job.model_dump(include=_TOLD) | {"model": model, "seconds_left": job.seconds_left}


def _csv(job: Job, path: Path, name: str) -> Response:
    if job.state == "failed":
        raise NotReadyError(f"The job has failed: {job.words}")
    if job.state != "done":
        raise NotReadyError(f"The job is {job.state}: {job.done:,} rows are predicted.")
    try:
        file = path.open("rb")
    except OSError:  # it was removed meanwhile
        raise UnknownError(f"The files of job {job.id} are gone.") from None
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_parts(file), media_type="text/csv; charset=utf-8", headers=headers)


def _parts(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while data := file.read(_STEP):
            yield data
