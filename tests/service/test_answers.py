"""What the service answers, with the shipped model and others."""

import json
import re
from contextlib import suppress
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from engine.api import load
from engine.base.errors import UserError
from engine.inference.bundle import SHIPPED, default_bundle, promote
from engine.runs import Run
from engine.runs.models import KnownModel
from engine.service import answering, models
from engine.service.models import find_served
from tests.solubilities import make

STYRENE = "*CC(*)c1ccccc1"


def test_health_needs_no_token(client: TestClient) -> None:
    assert client.get("/health", headers={"Authorization": ""}).json() == {"status": "ok"}


def test_the_models_are_those_that_can_answer(client: TestClient, trained: Run) -> None:
    models = {each["id"]: each for each in client.get("/models").json()["models"]}
    assert models.keys() == {"shipped", trained.id}
    assert models["shipped"]["is_default"]
    assert not models[trained.id]["is_default"]
    (first, *_) = models[trained.id]["properties"]
    assert (first["name"], first["unit"], first["like"]) == ("Tg", "°C", "")
    assert 0.9 in models["shipped"]["levels"]


def test_predictions_are_those_of_python(client: TestClient) -> None:
    told = client.post("/predict", json={"repeat_units": [STYRENE, "PMMA", "*C[Fe]C*"]}).json()
    model, units = load(), [STYRENE, "*CC(*)(C)C(=O)OC", "*C[Fe]C*"]
    with pytest.warns(UserWarning, match="iron"):
        values, sure = model.predict(units), model.predict_interval(units)
    for row, answer in enumerate(told["answers"]):
        assert answer["problem"] == ""
        for name, value in answer["properties"].items():
            assert value["value"] == values[name][row]
            assert value["low"] == sure[name]["low"][row]
            assert value["high"] == sure[name]["high"][row]
            assert value["domain"] == sure[name]["domain"][row]
            assert value["unit"] == values.units[name]
    styrene, acrylate, iron = told["answers"]
    assert (styrene["polymer"], acrylate["polymer"]) == ("Polystyrene", "Poly(methyl methacrylate)")
    measured = styrene["properties"]["Tg"]["measured"]
    assert {label["kind"] for label in measured} == {"measured"}
    assert all(99 < label["value"] < 101 and label["reference"] for label in measured)
    assert styrene["properties"]["FFV"]["measured"] == []
    assert styrene["properties"]["Tg"]["like"] == "as measured"
    assert iron["properties"]["Tg"]["domain"] == "guess"
    assert "iron" in iron["properties"]["Tg"]["reason"]
    assert "iron" in iron["warnings"][0]
    assert told["level"] == 0.9


def test_a_unit_that_cannot_be_read_has_a_problem_and_others_an_answer(client: TestClient) -> None:
    asked = {"repeat_units": ["*CC*", "*C(", "polystyrol-like", "nylon", ""], "level": 0.5}
    good, *bad = client.post("/predict", json=asked).json()["answers"]
    assert good["properties"]["Tg"]["value"] < 0
    assert [each["properties"] for each in bad] == [{}] * 4
    assert all(each["problem"] for each in bad)
    assert "nylon" in bad[2]["problem"]


def test_one_unit_may_be_given_without_a_list(client: TestClient) -> None:
    (one,) = client.post("/predict", json={"repeat_units": "*CC*"}).json()["answers"]
    (same,) = client.post("/predict", json={"repeat_units": ["*CC*"]}).json()["answers"]
    assert one == same


def test_of_some_properties_the_same_is_said(client: TestClient) -> None:
    whole = client.post("/predict", json={"repeat_units": STYRENE}).json()["answers"][0]
    asked = {"repeat_units": STYRENE, "properties": ["Density", "Tg"]}
    (few,) = client.post("/predict", json=asked).json()["answers"]
    assert few["properties"] == {name: whole["properties"][name] for name in ("Tg", "Density")}


def test_a_run_answers_by_its_name(client: TestClient, trained: Run) -> None:
    told = client.post("/predict", json={"repeat_units": STYRENE, "model": "trained"}).json()
    assert told["model"] == {"id": trained.id, "name": "trained"}
    known = load("trained").predict([STYRENE])["Tg"][0]
    assert told["answers"][0]["properties"]["Tg"]["value"] == known


def test_what_answers_has_the_id_under_which_it_is_listed(
    client: TestClient, trained: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path, field in (("/predict", "repeat_units"), ("/neighbours", "repeat_units")):
        assert client.post(path, json={field: ["*CC*"]}).json()["model"]["id"] == "shipped"
    # A default that is a copy of another model, and one whose origin is gone.
    origin = KnownModel(trained.id, "run", "mine", trained.bundle)
    promote(trained.bundle)
    for known, key in (([origin], trained.id), ([], "default")):
        monkeypatch.setattr(models, "list_models", lambda known=known: known)
        assert find_served("default").id == key
        assert find_served("default").folder == default_bundle()


def test_an_id_goes_before_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    known = [
        KnownModel("a", "run", "b", SHIPPED),
        KnownModel("b", "run", "a", SHIPPED),
    ]
    monkeypatch.setattr(models, "list_models", lambda: known)
    assert [find_served(key).id for key in "ab"] == ["a", "b"]


@pytest.mark.parametrize("model", ["no such", "../../assets/model", "/", "", "assets/model"])
def test_only_what_is_listed_answers_and_no_folder(client: TestClient, model: str) -> None:
    for path, unit in (("/predict", "repeat_units"), ("/neighbours", "repeat_unit")):
        reply = client.post(path, json={unit: "*CC*", "model": model})
        assert reply.status_code == 404
        assert "There is no model" in reply.json()["detail"]


def test_neighbours_have_labels_with_references(client: TestClient) -> None:
    asked = {"repeat_unit": "*CC(*)c1ccc(CC)cc1", "count": 2}
    told = client.post("/neighbours", json=asked).json()
    near = told["nearest"]["Tg"]
    assert len(near) == 2
    assert near[0]["similarity"] >= near[1]["similarity"] > 0.5
    assert near[0]["unit"] == "°C"
    assert near[0]["labels"][0]["reference"]
    assert "nearest" not in client.post("/neighbours", json={"repeat_unit": "*C("}).json()


def test_neighbours_are_asked_for_as_predictions_are(client: TestClient) -> None:
    asked = {"repeat_units": ["PMMA", "*C("], "properties": ["Tg"], "count": 2}
    told = client.post("/neighbours", json=asked).json()
    first, second = told["answers"]
    assert first["polymer"] == "Poly(methyl methacrylate)"
    assert [*first["nearest"]] == ["Tg"]
    assert second["problem"]
    assert second["nearest"] == {}
    alone = client.post("/neighbours", json={"repeat_unit": "PMMA", "count": 2}).json()
    assert alone["nearest"]["Tg"] == first["nearest"]["Tg"]
    assert len(alone["nearest"]) > 1
    for body, words in (
        ({}, "Give `repeat_units`, or one"),
        ({"repeat_unit": "PMMA", "repeat_units": ["PMMA"]}, "Give `repeat_units`, or one"),
        ({"repeat_units": []}, "There is no repeat unit"),
        ({"repeat_units": ["*CC*"] * 9}, "and this one has 9"),
        ({"repeat_units": "PMMA", "properties": ["Tm"]}, "no property 'Tm'"),
    ):
        assert words in client.post("/neighbours", json=body).json()["detail"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "`repeat_units` is missing"),
        ({"repeat_units": []}, "There is no repeat unit"),
        (
            {"repeat_units": ["*CC*"], "properties": ["Tg", "Tm"]},
            "no property 'Tm', but with Tg, FFV",
        ),
        ({"repeat_units": ["*CC*"], "level": 0.33}, "choose one of 0.5"),
        ({"repeat_units": ["*CC*"], "level": 2}, "less than 1"),
        ({"repeat_units": ["*CC*"], "conditions": {"T": 300}}, "knows no condition 'T'"),
        ({"repeat_units": ["*CC*"], "fragments": "keep"}, "'refuse' or 'leave-out'"),
        ({"repeat_units": ["*CC*"], "repeat_unit": "*CC*"}, "`repeat_unit` is none of"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(client: TestClient, body: dict, words: str) -> None:
    reply = client.post("/predict", json=body)
    assert reply.status_code == 422
    assert words in reply.json()["detail"]


def test_fragments_are_left_out_where_that_is_asked(client: TestClient) -> None:
    salt = "*CC(*)C(=O)[O-].[Na+]"
    (refused,) = client.post("/predict", json={"repeat_units": salt}).json()["answers"]
    assert "[Na+] is no part" in refused["problem"]
    asked = {"repeat_units": salt, "fragments": "leave-out"}
    (answered,) = client.post("/predict", json=asked).json()["answers"]
    assert answered["problem"] == ""


def test_the_page_loads_from_the_service_alone(client: TestClient) -> None:
    page = client.get("/docs", headers={"Authorization": ""})
    loaded = re.findall(r'(?:src|href)="([^"]*)"', page.text)
    assert len(loaded) == 3
    assert all(client.get(f"/{path}").status_code == 200 for path in loaded)
    assert "http" not in re.sub(r"SwaggerUIBundle.*", "", page.text)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert "sha256-" in policy
    paths = client.get("/openapi.json").json()["paths"]
    assert {"/predict", "/neighbours", "/models", "/jobs", "/jobs/{id}/result"} <= paths.keys()


@pytest.fixture(scope="module")
def of_conditions(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a model that predicts at a temperature and in a solvent."""
    folder = tmp_path_factory.mktemp("conditions")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYGIN_HOME", str(folder / "home"))
        make(folder / "bundle")
    return str(folder / "bundle")


def _at(folder: str, **conditions: str) -> dict:
    (answer,) = answering.predict(folder, 0, (), None, (*conditions.items(),), "refuse", ["*CCO*"])
    json.dumps(answer, allow_nan=False)
    return answer


def test_conditions_are_those_of_the_call(of_conditions: str) -> None:
    cold, warm = (
        _at(of_conditions, temperature=kelvin, SOLVENT="Water") for kelvin in ("290", "350")
    )
    name = "solubility"
    assert cold["properties"][name]["value"] < warm["properties"][name]["value"]
    assert cold["warnings"] == []
    beyond = _at(of_conditions, temperature="900", solvent="water")
    (warning,) = beyond["warnings"]
    assert "the condition temperature = 900 K (280 K to 360 K were seen)" in warning


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ({}, "at which temperature and solvent"),
        ({"temperature": "300"}, "at which solvent"),
        ({"temperature": "warm", "solvent": "water"}, "temperature"),
        ({"temperature": "nan", "solvent": "water"}, "temperature"),
        ({"temperature": "", "solvent": "water"}, "temperature"),
        ({"temperature": "300", "solvent": "brine"}, "solvent"),
        ({"temperature": "300", "solvent": "water", "pH": "7"}, "knows no condition 'pH'"),
    ],
)
def test_conditions_that_are_none_of_the_model_are_refused(
    of_conditions: str, conditions: dict[str, str], words: str
) -> None:
    with pytest.raises(UserError, match=words):
        _at(of_conditions, **conditions)


@pytest.mark.parametrize("kelvin", ["inf", "-1e308", "1e400", "-273.15", "1" * 300])
def test_a_number_far_off_is_answered_or_refused(of_conditions: str, kelvin: str) -> None:
    with suppress(UserError):
        _at(of_conditions, temperature=kelvin, solvent="water")
