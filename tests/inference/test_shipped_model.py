"""The model that comes with the repository."""

import subprocess
import sys

from bench.sources_accuracy import POLYMERS
from engine.inference.bundle import SHIPPED, default_bundle
from engine.inference.predict import Predictor
from engine.settings.properties import possible_range
from tests.conftest import ROOT


def test_it_is_small_and_the_default() -> None:
    assert default_bundle() == SHIPPED
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) <= 25 * 2**20


def test_it_tells_its_error() -> None:
    info = Predictor(SHIPPED).info
    assert info.answer_names[:5] == ["Tg", "FFV", "Tc", "Density", "Rg"]
    assert info.figures["blend"]["n"] == info.labels
    members = [scores["wmae"] for scores in info.figures["members"].values()]
    assert info.figures["blend"]["wmae"] < min(filter(None, members))


def test_its_card_tells_its_weighted_error_and_what_that_is_over() -> None:
    info = Predictor(SHIPPED).info
    card = (SHIPPED / "README.md").read_text(encoding="utf-8")
    assert f"wMAE {info.figures['blend']['wmae']:.4f}, which is over the eleven answers" in card
    assert len(info.answer_names) == 11


def test_it_knows_its_sources() -> None:
    info = Predictor(SHIPPED).info
    assert [source.words for source in info.sources] == [
        "competition (simulated)",
        "measured (measured)",
        "radonpy (simulated)",
    ]
    assert all(source.reference and source.terms for source in info.sources)
    answers = {p.name: p.source for p in info.properties if p.is_answer}
    assert (answers["Tg"], answers["Density"], answers["FFV"]) == (
        "measured",
        "measured",
        "competition",
    )
    asked = info.submission_columns
    assert [asked[name] for name in ("Tg", "FFV", "Tc", "Density", "Rg")] == [
        *("Tg (competition)", "FFV", "Tc", "Density (competition)", "Rg"),
    ]


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
    assert (uncertainty.domain.iloc[1] == "guess").all()


def test_all_drawings_of_a_polymer_get_one_answer() -> None:
    predictor = Predictor(SHIPPED)
    for drawings in (["*OCC*", "*COC*", "*CCOCCO*"], ["*CC(*)c1ccccc1", "*C(C*)c1ccccc1"]):
        assert (predictor.predict(drawings).blend.nunique() == 1).all()


def test_a_polymer_chemist_would_not_laugh() -> None:
    blend = Predictor(SHIPPED).predict(list(POLYMERS.values())).blend
    blend.index = list(POLYMERS)
    tg, density = blend["Tg"], blend["Density"]
    order = ["Polydimethylsiloxane", "Polyethylene", "Poly(vinyl chloride)"]
    order += ["Poly(methyl methacrylate)", "Bisphenol-A polycarbonate"]
    assert tg[order].is_monotonic_increasing
    assert abs(tg["Poly(methyl methacrylate)"] - 105) < 15
    assert abs(tg["Polydimethylsiloxane"] + 125) < 20
    assert abs(density["Poly(methyl methacrylate)"] - 1.18) < 0.05
    assert blend["Density"].between(0.8, 1.5).all()
    assert blend["FFV"].between(0.25, 0.5).all()
    assert blend["Tc"].between(0.1, 0.5).all()


def test_no_value_and_no_interval_is_impossible():
    units = ["*[He]*", "*C(F)(F)C(F)(F)*", "*[Si](C)(C)O*", "*C#CC#CC#C*", "*CC(*)[Pb](I)(I)I"]
    predictor = Predictor(SHIPPED)
    predicted = predictor.predict(units)
    uncertainty = predictor.uncertainty(predicted)
    frames = [predicted.blend, *predicted.members.values(), uncertainty.low, uncertainty.high]
    for property_ in predictor.info.properties:
        low, high = possible_range(property_.base)
        for frame in frames:
            values = frame[property_.name].dropna()
            assert ((low <= values) & (values <= high)).all(), property_.name


def test_the_first_prediction_waits_for_no_library_that_it_does_not_use() -> None:
    """Not for torch's compiler, which is loaded for tensors without memory, nor for tables."""
    words = (
        "import sys; from engine.inference.bundle import SHIPPED; "
        "from engine.inference.predict import Predictor; "
        "before = 'engine.table' in sys.modules; Predictor(SHIPPED).predict(['*CC*']); "
        "late = {'torch._dynamo', 'sklearn', 'lightgbm', 'xgboost', 'catboost'} & {*sys.modules}; "
        "sys.exit(before or bool(late))"
    )
    assert subprocess.run([sys.executable, "-c", words], cwd=ROOT).returncode == 0
