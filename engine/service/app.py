"""The service as an app: what can be asked, and at which address."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPBearer
from starlette.types import ASGIApp

from ..base.errors import UserError
from ..base.wording import clipped, counted
from ..inference.conformal import LEVEL
from . import answering, asked, examples, job_calls
from .door import Door
from .jobs import KEPT_DAYS, Jobs
from .line import Line
from .models import ServedModel, described_models, find_served
from .pages import add_page, leave_out_other_faults
from .replies import LateError, Reply, TooManyError, add_refusals
from .settings import ServiceSettings

_OF_CALLS = (400, 404, 408, 413, 422, 504)
"""Statuses of calls that are refused, beside those of all addresses."""

_TOKEN = HTTPBearer(
    auto_error=False,
    scheme_name="Token",
    description="Enter the token of this service as it stands in its file or in POLYGIN_TOKEN, "
    "without `Bearer` before it.",
)
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
    shown = [Depends(_TOKEN)] if settings.token else []
    refusals = examples.refused(asked.Refusal, *((401,) if settings.token else (403,)), 503)
    for router in (_router, job_calls.router):
        app.include_router(router, dependencies=shown, responses=refusals)
    leave_out_other_faults(app)
    return Door(app, settings, policy)


def _add_health(app: FastAPI) -> None:
    @app.head("/health", include_in_schema=False)
    @app.get(
        "/health",
        summary="Whether the service answers",
        response_model=asked.Health,
        tags=["service"],
    )
    async def health() -> Reply:
        """No token is asked for."""
        return Reply({"status": "ok"})


_router = APIRouter(redirect_slashes=False)


@_router.get(
    "/models",
    summary="The models that can answer",
    response_model=asked.ModelList,
    tags=["predictions"],
)
def models() -> Reply:
    """The shipped one, those of finished runs, and imported ones."""
    return Reply({"models": described_models()})


@_router.post(
    "/predict",
    summary="Predict repeat units",
    response_model=asked.Prediction,
    responses=examples.refused(asked.Refusal, *_OF_CALLS),
    tags=["predictions"],
)
async def predict(body: asked.AskedPrediction, request: Request) -> Reply:
    """Values with intervals, where a unit lies, and measured values that the model learned."""
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
    "/neighbours",
    summary="The most similar polymers that a model learned",
    response_model=asked.Neighbours | asked.NeighboursOfOne,
    responses=examples.refused(asked.Refusal, *_OF_CALLS),
    tags=["predictions"],
)
async def neighbours(body: asked.AskedNeighbours, request: Request) -> Reply:
    """With their labels, by property."""
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
