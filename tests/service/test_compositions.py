"""Compositions over HTTP: predicted by a model that learned such, refused in words by others."""

import io

import pandas as pd
import pytest
from starlette.testclient import TestClient

from engine.api import load
from engine.runs import Run
from tests.copolymers import METHACRYLATE, STYRENE, TWO
from tests.service.test_jobs import ended

HOMOPOLYMERS_ONLY = "the model learned homopolymers only"


def test_the_models_say_whether_they_learned_such(client: TestClient, copolymers: Run) -> None:
    models = {each["id"]: each for each in client.get("/models").json()["models"]}
    assert models[copolymers.id]["compositions"]
    assert not models["shipped"]["compositions"]


def test_a_composition_is_predicted_as_from_python(client: TestClient, copolymers: Run) -> None:
    spelled = f"{STYRENE}|*CC(C)(*)C(=O)OC|25|75"
    asked = {
        "repeat_units": [TWO, spelled, "PMMA", f"{TWO}|0.9", "polystyrene|PMMA|1|3"],
        "model": "fox",
    }
    told = client.post("/predict", json=asked).json()
    one, other, homopolymer, bad, named = told["answers"]
    value = one["properties"]["Tg"]["value"]
    assert value == load("fox").predict([TWO])["Tg"][0]
    assert other["properties"] == named["properties"] == one["properties"]
    assert one["repeat_unit"] == other["repeat_unit"] == TWO
    assert homopolymer["repeat_unit"] == METHACRYLATE
    assert homopolymer["properties"]["Tg"]["value"] != value
    assert "3 fractions for 2 repeat units" in bad["problem"]


def test_the_nearest_of_a_composition_are_compositions(client: TestClient, copolymers: Run) -> None:
    told = client.post("/neighbours", json={"repeat_units": [TWO], "model": "fox"}).json()
    nearest = told["answers"][0]["nearest"]["Tg"]
    assert nearest[0]["repeat_unit"].startswith(f"{METHACRYLATE}|{STYRENE}|")
    assert nearest[0]["labels"]


def test_a_model_of_homopolymers_says_so(client: TestClient) -> None:
    bare, named = client.post("/predict", json={"repeat_units": [TWO, "PMMA"]}).json()["answers"]
    assert HOMOPOLYMERS_ONLY in bare["problem"]
    assert named["properties"]["Tg"]["value"]


@pytest.mark.parametrize(
    "text",
    [
        "|" * 10_000,
        "*CC*|*CO*|1e308|1e308",
        "*CC*|*CO*|nan|inf",
        "*CC*|*CO*|0.5|0.5|*CC*|*CO*|0.5|0.5",
        f"*CC*|*CO*|{'1' * 50_000}x",
        f"*CC*|{' ' * 50_000}",
        "{[$]CC[$],[$]C",
    ],
)
def test_hostile_compositions_have_a_problem(client: TestClient, text: str) -> None:
    for address in ("/predict", "/neighbours"):
        reply = client.post(address, json={"repeat_units": [text, "*CC*"]})
        assert reply.status_code == 200
        bad, good = reply.json()["answers"]
        assert bad["problem"]
        assert not good["problem"]


def test_a_table_of_compositions_is_a_job(client: TestClient, copolymers: Run) -> None:
    rows = [("a", STYRENE, METHACRYLATE, 0.25), ("b", STYRENE, METHACRYLATE, 2)]
    frame = pd.DataFrame(rows, columns=["id", "smiles_A", "smiles_B", "frac_A"])
    reply = client.post(
        "/jobs",
        files={"file": ("t.csv", frame.to_csv(index=False).encode())},
        data={"model": "fox"},
    )
    assert reply.status_code == 202
    job = ended(client, reply.json()["id"])
    assert (job["state"], job["kept"], job["problems"]) == ("done", 1, 1)
    made = pd.read_csv(io.StringIO(client.get(f"/jobs/{job['id']}/result").text))
    assert made["composition"].tolist() == [TWO]
    (one,) = client.post("/predict", json={"repeat_units": TWO, "model": "fox"}).json()["answers"]
    assert made["Tg"][0] == one["properties"]["Tg"]["value"]
    assert "2.0, more than 1" in client.get(f"/jobs/{job['id']}/problems").text
