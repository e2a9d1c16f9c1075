"""What the service says of itself: titles, refusals, and examples that work as they stand."""

from typing import Any

import pytest
from pydantic import BaseModel
from starlette.testclient import TestClient

from engine.base.limits import Limits
from engine.service import asked, examples
from engine.service.app import make_app
from engine.service.jobs import Jobs
from engine.service.settings import ServiceSettings
from tests.service.test_jobs import TABLE, ended


@pytest.fixture(scope="module")
def told(client: TestClient) -> dict[str, Any]:
    return client.get("/openapi.json").json()


def _operations(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, operations in told["paths"].items()
        for method, operation in operations.items()
    }


def test_addresses_have_titles_and_say_how_they_refuse(told: dict[str, Any]) -> None:
    operations = _operations(told)
    assert operations["GET /jobs/{id}"]["summary"] == "How far a job is"
    for name, operation in operations.items():
        own = operation["operationId"].partition("__")[0].replace("_", " ").split(" jobs")[0]
        assert operation["summary"].lower() != own
        if name != "GET /health":
            assert {"401", "503"} <= operation["responses"].keys()
    statuses = {status for each in operations.values() for status in each["responses"]}
    assert statuses == {
        *("200", "202", "204"),
        *("400", "401", "404", "408", "409", "413", "422", "503", "504"),
    }
    assert "422" not in operations["GET /jobs/{id}"]["responses"]
    assert "HTTPValidationError" not in str(told)
    assert "504" in operations["POST /predict"]["responses"]
    assert "409" in operations["GET /jobs/{id}/result"]["responses"]


def test_the_box_for_the_token_says_what_to_enter(told: dict[str, Any]) -> None:
    (scheme,) = told["components"]["securitySchemes"].values()
    assert "without `Bearer`" in scheme["description"]


def test_without_a_token_there_is_no_box_for_it() -> None:
    app = make_app(ServiceSettings(preload=False), Jobs(Limits()))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        told = client.get("/openapi.json").json()
    assert "securitySchemes" not in told["components"]
    responses = _operations(told)["POST /predict"]["responses"]
    assert "403" in responses
    assert "401" not in responses


@pytest.mark.parametrize(
    ("model", "example"),
    [
        (asked.AskedPrediction, examples.ASKED_PREDICTION),
        (asked.AskedNeighbours, examples.ASKED_NEIGHBOURS),
        (asked.Prediction, examples.PREDICTION),
        (asked.Neighbours, examples.NEIGHBOURS),
        (asked.ModelList, examples.MODELS),
        (asked.JobTold, examples.JOB),
    ],
)
def test_examples_are_what_they_are_examples_of(
    told: dict[str, Any], model: type[BaseModel], example: dict[str, Any]
) -> None:
    model.model_validate(example)
    shown = {name: each for name, each in example.items() if each is not None}
    assert told["components"]["schemas"][model.__name__]["example"] == shown


@pytest.mark.parametrize(
    ("path", "asked_example", "answered"),
    [
        ("/predict", examples.ASKED_PREDICTION, examples.PREDICTION),
        ("/neighbours", examples.ASKED_NEIGHBOURS, examples.NEIGHBOURS),
        ("/models", None, examples.MODELS),
    ],
)
def test_an_example_is_answered_as_the_example_says(
    client: TestClient, path: str, asked_example: dict | None, answered: dict
) -> None:
    reply = client.post(path, json=asked_example) if asked_example else client.get(path)
    assert reply.status_code == 200, reply.text
    assert _names(answered) <= _names(reply.json())


def _names(content: Any, place: str = "") -> set[str]:
    """The names of all that stands in an answer, with those around them."""
    if isinstance(content, dict):
        pairs = content.items()
    elif isinstance(content, list):
        pairs = [("", each) for each in content]
    else:
        return {place}
    return {name for key, each in pairs for name in _names(each, f"{place}.{key}")}


def test_a_table_is_taken_with_all_fields_as_the_page_shows_them(
    client: TestClient, told: dict[str, Any]
) -> None:
    fields = dict(told["components"]["schemas"]["AskedJob"]["properties"])
    assert fields.pop("file")
    # The page shows the default of a field, and of one without any a value of its type.
    shown = {name: str(field["default"]) for name, field in fields.items()}
    reply = client.post("/jobs", files={"file": ("t.csv", TABLE)}, data=shown)
    assert reply.status_code == 202
    key = reply.json()["id"]
    assert ended(client, key)["state"] == "done"
    result, problems = (
        client.get(f"/jobs/{key}/{name}").text.splitlines()[0].split(",")
        for name in ("result", "problems")
    )
    assert {*examples.RESULT.splitlines()[0].split(",")} <= {*result}
    assert examples.PROBLEMS.splitlines()[0].split(",") == problems
    client.delete(f"/jobs/{key}")
