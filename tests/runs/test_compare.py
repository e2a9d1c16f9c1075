"""How runs differ."""

from engine.runs import Run
from engine.runs.compare import blend_errors, different_settings, not_comparable


def done(**errors: float | None) -> Run:
    counts = dict.fromkeys(errors, 10)
    figures = {"blend": {"mae": errors, "n": counts}}
    return Run(id="x", name="x", state="done", created=0.0, figures=figures)


def test_only_what_differs_is_told():
    configs = [
        {"name": "a", "preset": "cpu", "seed": 0, "use": {"parallel": "auto", "dp": False}},
        {"name": "b", "preset": "cpu", "seed": 1, "use": {"parallel": "none", "dp": False}},
        {"name": "c", "preset": "cpu", "seed": 1, "properties": [{"name": "Tg"}, {"name": "Rg"}]},
    ]
    assert different_settings(configs) == {
        "seed": ["0", "1", "1"],
        "use.parallel": ["auto", "none", ""],
        "use.dp": ["no", "no", ""],
        "properties": ["", "", "Tg, Rg"],
    }
    assert different_settings(configs[:1]) == {}


def test_errors_keep_their_places():
    runs = [done(Tg=50.0), done(Tg=49.0, Rg=1.5), done().model_copy(update={"figures": None})]
    assert blend_errors(runs) == {"Tg": [50.0, 49.0, None], "Rg": [None, 1.5, None]}


def test_errors_on_other_tables_folds_or_labels_are_not_on_equal_terms():
    same = {"table": "a.csv", "folds": "random:5"}
    assert not_comparable([same, same], [done(Tg=1.0), done(Tg=2.0)]) == []
    other = {"table": "b.csv", "folds": "random:3"}
    reasons = not_comparable([same, other], [])
    assert reasons == ["their tables differ", "their folds differ"]
    assert not_comparable([same, same], [done(Tg=1.0), done(Rg=1.0)]) == [
        "they were scored on different labels"
    ]
