"""Which preset is taken."""

import pytest

from bench.reporting import read_json
from engine.base.errors import UserError
from engine.base.hardware import Gpu, Hardware
from engine.models.members import configs_of
from engine.settings.estimate import recommended_preset, rough_minutes, usual_presets
from engine.settings.presets import PRESETS, choose
from tests.conftest import ROOT


@pytest.mark.parametrize(("cards", "taken"), [(0, "cpu"), (1, "gpu"), (2, "gpu")])
def test_auto_suits_the_machine(cards: int, taken: str) -> None:
    hardware = Hardware(cpu="x", cores=2, ram_gb=8, gpus=[Gpu(name="T4", vram_gb=16)] * cards)
    assert choose("auto", hardware).name == taken
    assert choose("best", hardware).name == "best"


def test_a_preset_that_is_not_there_is_a_sentence() -> None:
    with pytest.raises(UserError, match="no preset 'great'; choose one of auto, smoke, cpu"):
        choose("great", Hardware(cpu="x", cores=2, ram_gb=8))


def test_networks_of_the_usual_presets_start_from_the_encoder() -> None:
    starting = {name for name, preset in PRESETS.items() if preset.starts_from_encoder}
    assert starting == {"cpu", "gpu", "best"}


@pytest.mark.parametrize("name", PRESETS)
def test_without_the_encoder_nothing_else_changes(name: str) -> None:
    preset, plain = PRESETS[name], PRESETS[name].without_encoder()
    assert not plain.starts_from_encoder
    settings = {each: dict(own) for each, own in plain.members.items()}
    if preset.starts_from_encoder:
        training = settings["polygin"]["training"]
        settings["polygin"]["training"] = {**training, "pretrained": True}
    assert preset.model_copy(update={"members": settings}) == preset


def test_an_encoder_for_units_that_the_preset_does_not_take_is_a_sentence() -> None:
    with pytest.raises(UserError, match="'cpu' has pretrained networks: they read canonical"):
        configs_of(PRESETS["cpu"].model_copy(update={"canonical_units": False}))


def test_a_small_table_is_recommended_the_least_error_and_a_large_one_its_machines_preset() -> None:
    plain = Hardware(cpu="x", cores=2, ram_gb=8)
    with_card = plain.model_copy(update={"gpus": [Gpu(name="T4", vram_gb=16)]})
    assert recommended_preset(plain, rows=150, folds=5) == "best"
    assert recommended_preset(plain, rows=100_000, folds=5) == "cpu"
    assert recommended_preset(with_card, rows=150, folds=5) == "gpu"
    for hardware in (plain, with_card):
        assert recommended_preset(hardware, 150, 5) in usual_presets(hardware)


@pytest.mark.parametrize(("name", "longer"), [("smoke", "best"), ("cpu", "gpu"), ("cpu", "best")])
def test_the_rough_time_grows_with_the_work(name: str, longer: str) -> None:
    taken = rough_minutes(PRESETS[name], rows=1000, folds=5, cores=2)
    assert taken < rough_minutes(PRESETS[longer], rows=1000, folds=5, cores=2)
    assert taken < rough_minutes(PRESETS[name], rows=1000, folds=6, cores=2)
    assert taken < rough_minutes(PRESETS[name], rows=1000, folds=5, cores=1)


def test_the_rough_time_of_best_is_near_what_the_readme_says() -> None:
    measured = read_json(ROOT / "results" / "accuracy" / "best-random.json")["seconds"] / 60
    rough = rough_minutes(PRESETS["best"], rows=7973, folds=5, cores=2)
    assert measured / 2 < rough < 2 * measured
