"""The model that comes with the repository."""

from bench.readme_tables import KNOWN
from engine.bundle import SHIPPED, default_bundle
from engine.predict import Predictor


def test_it_is_small_and_the_default() -> None:
    assert default_bundle() == SHIPPED
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) <= 15 * 2**20


def test_it_tells_its_error() -> None:
    info = Predictor(SHIPPED).info
    assert info.names == ["Tg", "FFV", "Tc", "Density", "Rg"]
    assert info.figures["blend"]["n"] == info.labels
    members = [one["wmae"] for one in info.figures["members"].values()]
    assert info.figures["blend"]["wmae"] < min(members)


def test_a_polymer_chemist_would_not_laugh() -> None:
    blend = Predictor(SHIPPED).predict(list(KNOWN.values())).blend
    styrene, methacrylate, ethylene, carbonate, imide = blend["Tg"]
    assert ethylene < methacrylate < styrene < carbonate < imide
    assert ethylene < 0 < 60 < styrene < 140
    assert imide > 250
    assert blend["Density"].between(0.8, 1.5).all()
    assert blend["FFV"].between(0.25, 0.5).all()
    assert blend["Tc"].between(0.1, 0.5).all()
    assert blend["Density"].idxmax() == 4, "the polyimide is the densest"
