"""Models that were changed, at random but the same ones each time, are refused, or tell of it."""

import json
import random
from collections import Counter
from pathlib import Path

import pytest

from bench.hostile.bundles import CHANGES, Bundles
from engine.base.errors import UserError

_EACH = 6


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Bundles:
    kind = Bundles()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYGIN_HOME", "set by the kind itself")
        kind.prepare(tmp_path_factory.mktemp("bundles"))
        yield kind


@pytest.mark.parametrize("change", [name for name in CHANGES if name != "library file"])
def test_a_changed_model_is_refused_or_says_that_it_differs(
    bundles: Bundles, change: str, tmp_path: Path
) -> None:
    outcomes: Counter[str] = Counter()
    for seed in range(_EACH):
        folder = tmp_path / str(seed)
        folder.mkdir()
        content = json.dumps({"change": change, "seed": seed}).encode()
        try:
            outcomes[bundles.attempt(content, folder)] += 1
        except UserError:
            outcomes["refused"] += 1
    assert outcomes.total() == _EACH
    assert outcomes["refused"] or change == "manifest"


def test_one_seed_makes_one_input(bundles: Bundles) -> None:
    assert bundles.make(random.Random("a")) == bundles.make(random.Random("a"))
    assert bundles.make(random.Random("a")) != bundles.make(random.Random("b"))
