"""Which preset is taken."""

import pytest

from engine.base.errors import UserError
from engine.base.hardware import Gpu, Hardware
from engine.models.members import configs_of
from engine.settings.presets import PRESETS, choose


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
