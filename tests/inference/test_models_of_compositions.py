"""What a model of copolymers says of itself, keeps as probes, and is when it is a stranger's."""

import json
from pathlib import Path

import pytest

from engine.base.errors import UserError
from engine.inference.adoption import prove
from engine.inference.bundle import SHIPPED, read_info
from engine.inference.composition_words import learned_words
from engine.inference.model_card import write_card
from engine.inference.predict import Predictor
from engine.inference.probes import COPOLYMER
from engine.inference.seen_compositions import SeenCompositions
from engine.runs import Run
from tests.bundles import copied, redescribe
from tests.copolymers import TWO

LEARNED = (
    "It learned compositions of up to 2 repeat units, and homopolymers, with mole fractions of "
    "0.2, 0.4, 0.6 and 0.8. It learned no architecture: its rows named none."
)


def test_it_says_what_it_learned(copolymers: Run, tmp_path: Path) -> None:
    assert learned_words(read_info(copolymers.bundle)) == LEARNED
    folder = copied(copolymers.bundle, tmp_path / "model")
    write_card(folder)
    card = (folder / "README.md").read_text()
    assert LEARNED in card
    assert "|0.25|0.75" in card
    assert "copolymers and blends" not in card


def test_a_model_of_homopolymers_says_nothing_of_it() -> None:
    assert learned_words(read_info(SHIPPED)) == ""


def test_an_architecture_is_new_where_others_are_known() -> None:
    named = SeenCompositions.of(["*CC*|*CO*|0.5|0.5|block", "*CC*"])
    assert named.unseen("*CC*|*CO*|0.5|0.5|random") == ["the architecture random"]
    assert named.unseen("*CC*|*CO*|0.5|0.5") == []
    unnamed = SeenCompositions.of(["*CC*|*CO*|0.5|0.5", "*CC*"])
    assert unnamed.unseen("*CC*|*CO*|0.5|0.5|random") == []


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["*CC*|*CO*|0.5|0.5|block"], "mole fractions of 0.5, of the architecture block."),
        (
            ["*CC*|*CO*|0.5|0.5|block", "*CC*|*CN*|*CO*|0.2|0.3|0.5|random"],
            "up to 3 repeat units, with mole fractions of 0.2, 0.3 and 0.5, of the architectures "
            "block and random.",
        ),
        ([f"*CC*|*CO*|{n}|{40 - n}" for n in range(1, 20)], "mole fractions from 0.025 to 0.975."),
    ],
)
def test_fractions_and_architectures_are_told(
    copolymers: Run, texts: list[str], words: str
) -> None:
    info = read_info(copolymers.bundle)
    assert info.domain
    domain = info.domain.model_copy(update={"compositions": {"Tg": SeenCompositions.of(texts)}})
    assert words in learned_words(info.model_copy(update={"domain": domain}))


def test_a_composition_is_among_its_probes(copolymers: Run) -> None:
    info = read_info(copolymers.bundle)
    assert info.probes
    assert COPOLYMER in info.probes
    assert Predictor(copolymers.bundle).deviation() == ""
    assert prove(copolymers.bundle) == ""
    assert COPOLYMER not in (read_info(SHIPPED).probes or {})


@pytest.mark.parametrize(
    "change",
    [
        {"fractions": []},
        {"fractions": [0.5, 0.2]},
        {"fractions": [-1.0, 0.5]},
        {"fractions": [0.5, 1e308]},
        {"fractions": [float("nan")]},
        {"fractions": [0.5] * 100_000},
        {"architectures": ["gyroid"]},
        {"architectures": ["block"] * 100_000},
        {"most": 10**9},
        {"most": 0},
        {"units": 7},
    ],
)
def test_a_strangers_account_of_compositions_is_refused_if_it_is_odd(
    copolymers: Run, tmp_path: Path, change: dict
) -> None:
    folder = copied(copolymers.bundle, tmp_path / "model")
    domain = json.loads((folder / "bundle.json").read_text())["domain"]
    domain["compositions"]["Tg"] |= change
    redescribe(folder, {"domain": domain})
    with pytest.raises(UserError, match="is damaged"):
        read_info(folder)


def test_compositions_of_no_property_are_refused(copolymers: Run, tmp_path: Path) -> None:
    folder = copied(copolymers.bundle, tmp_path / "model")
    domain = json.loads((folder / "bundle.json").read_text())["domain"]
    domain["compositions"]["of nothing"] = domain["compositions"]["Tg"]
    redescribe(folder, {"domain": domain})
    with pytest.raises(UserError):
        read_info(folder)


def test_strange_units_of_a_stranger_are_only_unseen(copolymers: Run, tmp_path: Path) -> None:
    folder = copied(copolymers.bundle, tmp_path / "model")
    domain = json.loads((folder / "bundle.json").read_text())["domain"]
    domain["compositions"]["Tg"]["units"] = ["|" * 1000, "*CC*", ""]
    redescribe(folder, {"domain": domain})
    (warning,) = Predictor(folder).predict([TWO]).warnings(["Tg"]).values()
    assert "no training row has the repeat unit" in warning.lower()
