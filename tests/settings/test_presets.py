"""Which preset is taken."""

import pytest

from engine.base.errors import UserError
from engine.base.hardware import Gpu, Hardware
from engine.settings.presets import SMALL_TABLE, choose


@pytest.mark.parametrize(
    ("cards", "labels", "taken"),
    [
        (0, SMALL_TABLE, "smoke"),
        (0, SMALL_TABLE + 1, "cpu"),
        (1, SMALL_TABLE, "gpu"),
        (2, 10**6, "gpu"),
    ],
)
def test_auto_suits_the_machine_and_the_table(cards: int, labels: int, taken: str) -> None:
    hardware = Hardware(cpu="x", cores=2, ram_gb=8, gpus=[Gpu(name="T4", vram_gb=16)] * cards)
    assert choose("auto", hardware, labels).name == taken
    assert choose("best", hardware, labels).name == "best"


def test_a_preset_that_is_not_there_is_a_sentence() -> None:
    with pytest.raises(UserError, match="no preset 'great'; choose one of auto, smoke, cpu"):
        choose("great", Hardware(cpu="x", cores=2, ram_gb=8), 10)
