"""What can be asked of batch jobs: to take a table, how far it is, and its result."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Depends, Form, Request
from fastapi import Path as InPath
from starlette.responses import Response, StreamingResponse

from ..base.errors import UserError
from ..base.wording import clipped
from . import asked, examples
from .job import Job
from .jobs import new_job
from .models import find_served
from .replies import NotReadyError, Reply, UnknownError

_STEP = 2**18
_TOLD = {
    *("id", "table", "created", "state", "doing", "done", "total"),
    *("ended", "kept", "problems", "guesses", "outside", "in_full", "words"),
}
"""What is told of a job."""

_Id = Annotated[str, InPath(alias="id", description="of the job, which POST /jobs gives")]
router = APIRouter(redirect_slashes=False, tags=["jobs"])


async def _each_once(request: Request) -> None:
    """Refuse a form in which a field is given twice, of which only one would be read."""
    form = await request.form()
    for name in form:
        if len(form.getlist(name)) > 1:
            raise UserError(
                f"The field {clipped(name)!r} is given more than once: a job has one of each."
            )


@router.post(
    "/jobs",
    summary="Upload a table to predict",
    response_model=asked.JobTold,
    response_description="The job, which waits",
    responses=examples.refused(asked.Refusal, 400, 404, 408, 413, 422),
    status_code=202,
    dependencies=[Depends(_each_once)],
)
def add_job(
    form: Annotated[asked.AskedJob, Form(media_type="multipart/form-data")], request: Request
) -> Reply:
    """A table of repeat units, or of names of polymers. Jobs are done one after another."""
    model = find_served(form.model)
    job = request.app.state.jobs.add(new_job(form, model), model, form.file.file)
    return Reply(told(job), 202, {"Location": f"jobs/{job.id}"})


@router.get("/jobs", summary="All jobs", response_model=asked.JobList)
def list_jobs(request: Request) -> Reply:
    """The oldest first."""
    return Reply({"jobs": [told(job) for job in request.app.state.jobs.all()]})


@router.get(
    "/jobs/{id}",
    summary="How far a job is",
    response_model=asked.JobTold,
    responses=examples.refused(asked.Refusal, 404),
)
def tell_job(key: _Id, request: Request) -> Reply:
    """Of a job that has ended, how it ended."""
    job, _ = request.app.state.jobs.find(key)
    return Reply(told(job))


@router.get(
    "/jobs/{id}/result",
    summary="The rows that were predicted",
    response_class=Response,
    responses=examples.csv_of(examples.RESULT) | examples.refused(asked.Refusal, 404, 409),
)
def result(key: _Id, request: Request) -> Response:
    """As CSV, with the columns of the table and those of the predictions."""
    job, files = request.app.state.jobs.find(key)
    return _csv(job, files.result, f"predicted-{job.id}.csv")


@router.get(
    "/jobs/{id}/problems",
    summary="The rows that could not be predicted",
    response_class=Response,
    responses=examples.csv_of(examples.PROBLEMS) | examples.refused(asked.Refusal, 404, 409),
)
def problems(key: _Id, request: Request) -> Response:
    """With reasons, as CSV; empty without any."""
    job, files = request.app.state.jobs.find(key)
    if job.state == "done" and not job.problems:
        return Response("", media_type="text/csv")
    return _csv(job, files.problems, f"problems-{job.id}.csv")


@router.delete(
    "/jobs/{id}",
    summary="Stop and remove a job",
    status_code=204,
    responses=examples.refused(asked.Refusal, 404),
)
def remove_job(key: _Id, request: Request) -> Response:
    """Its files are removed too."""
    request.app.state.jobs.remove(key)
    return Response(status_code=204)


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
