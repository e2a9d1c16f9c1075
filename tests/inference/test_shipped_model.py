"""The model that comes with the repository."""

from bench.readme_tables import POLYMERS
from engine.inference.bundle import SHIPPED, default_bundle
from engine.inference.predict import Predictor


def test_it_is_small_and_the_default() -> None:
    assert default_bundle() == SHIPPED
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) <= 25 * 2**20


def test_it_tells_its_error() -> None:
    info = Predictor(SHIPPED).info
    assert info.names == ["Tg", "FFV", "Tc", "Density", "Rg"]
    assert info.figures["blend"]["n"] == info.labels
    members = [scores["wmae"] for scores in info.figures["members"].values()]
    assert info.figures["blend"]["wmae"] < min(members)


def test_its_intervals_hold_as_often_as_they_say() -> None:
    info = Predictor(SHIPPED).info
    for name, interval in info.intervals.items():
        assert interval.labels == info.labels[name]
        assert 0.88 <= interval.coverage <= 0.92
        # Wider than twice the mean error, narrower than half of all labels.
        low, high = info.ranges[name]
        assert 2 * info.figures["blend"]["mae"][name] < interval.width < (high - low) / 2
    assert list(info.intervals) == list(info.domain.thresholds) == info.names


def test_it_knows_what_it_does_not_know() -> None:
    predictor = Predictor(SHIPPED)
    units = [POLYMERS["Polystyrene"], "*[Si](CBr)(CBr)OP(=O)(I)O*"]
    uncertainty = predictor.uncertainty(predictor.predict(units))
    assert (uncertainty.domain.iloc[0] == "inside").all()
    assert (uncertainty.domain.iloc[1] == "outside").all()


def test_a_polymer_chemist_would_not_laugh() -> None:
    blend = Predictor(SHIPPED).predict(list(POLYMERS.values())).blend
    styrene, methacrylate, ethylene, carbonate, imide = blend["Tg"]
    assert ethylene < methacrylate < styrene < carbonate < imide
    assert ethylene < 0 < 60 < styrene < 140
    assert imide > 250
    assert blend["Density"].between(0.8, 1.5).all()
    assert blend["FFV"].between(0.25, 0.5).all()
    assert blend["Tc"].between(0.1, 0.5).all()
    assert blend["Density"].idxmax() == 4, "the polyimide is the densest"
