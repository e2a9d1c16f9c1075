"""Labels that are known by a bound alone: learned from, and counted by no figure."""

import numpy as np
import pytest
import torch

from engine.base.bounds import Bounds
from engine.commands import main
from engine.runs import clone_of, list_runs, process
from engine.runs.making import BundleRequest, make_bundle
from engine.settings.presets import Preset
from engine.table import average_replicates, check_table, join_tables, leave_out, read_table
from engine.table.checking import leave_bounds_out
from engine.training.context import TrainContext
from engine.training.trainer import labelled_weight, weighted_error
from tests.table.tables import finding, polyethers
from tests.two_sources import SOURCES

UNITS = [f"*{'C' * n}{'O' * o}{'C' * m}*" for n in range(1, 7) for o in (0, 1) for m in range(1, 6)]


def measured() -> str:
    """Units with oxygen are stronger than the instrument could measure: they have only a bound."""
    rows = [f"{unit},{'> 30' if 'O' in unit else 2 * unit.count('C')}" for unit in UNITS]
    return "\n".join(["SMILES,strength (MPa)", *rows])


def preset(member: str) -> Preset:
    members = {
        "lightgbm": {"rounds": 60, "leaves": 8},
        "gaussian_process": {"points": 60, "tuning_rows": 60, "steps": 20},
        "polygin": {
            "network": {"layers": 1, "width": 16},
            "training": {"epochs": 60, "seeds": 1, "patience": 0},
        },
    }
    return Preset(name="quick", title="Quick", summary="", members={member: members[member]})


def test_a_bound_errs_only_beyond_itself():
    nan = float("nan")
    exact = torch.tensor([[1.0, nan, nan], [nan, nan, 2.0]])
    lower = torch.tensor([[nan, 5.0, nan], [nan, nan, 9.0]])
    upper = torch.tensor([[nan, nan, nan], [4.0, nan, nan]])
    predicted = torch.tensor([[3.0, 4.0, 7.0], [6.0, 1.0, 2.0]], requires_grad=True)
    labels, weights = torch.cat([exact, lower, upper], dim=1), torch.ones(3)
    loss = weighted_error(predicted, labels, weights)
    assert loss.item() == 2 + 1 + 2
    loss.backward()
    assert predicted.grad.tolist() == [[1, -1, 0], [1, 0, 0]]
    assert labelled_weight(labels, weights) == 4
    assert weighted_error(predicted, exact, weights).item() == 2
    assert weighted_error(torch.tensor([[1.0, 99.0, 0.0], [-9.0, 0.0, 2.0]]), labels, weights) == 0


@pytest.mark.parametrize("member", ["lightgbm", "gaussian_process", "polygin"])
def test_members_learn_that_labels_lie_beyond_a_bound(member, workspace):
    table = check_table(read_table(measured().encode(), "mine.csv"))
    beyond = table.bounds.known[:, 0]
    assert beyond.sum() > 5
    means = {}
    for name, given in (("learn", table), ("leave out", leave_bounds_out(table))):
        request = BundleRequest.of(given, name, preset(member), "random:3")
        made = make_bundle(request, TrainContext(workspace / name))
        means[name] = made.ensemble.blended[beyond, 0].mean()
        counted = made.info.figures["blend"]["n"]["strength"]
        assert counted == made.info.labels["strength"] == (~beyond).sum()
    assert means["leave out"] < 20
    assert means["learn"] > 25


def test_a_table_keeps_its_bounds():
    table = check_table(polyethers("10", "> 300", "<= 5 K", "20", header="Tg"))
    assert table.bounds.lower[1, 0] == 300
    assert table.bounds.upper[2, 0] == pytest.approx(5 - 273.15)
    assert np.isnan(table.labels[1:3, 0]).all()
    assert "learns from them as bounds" in finding(table, "cell_above").message
    left = leave_bounds_out(table)
    assert left.bounds is None
    assert "left out, as chosen" in finding(left, "cell_above").message


def test_bounds_of_one_repeat_unit_become_the_narrowest():
    rows = "*CC*,> 10\n*CC*,> 20\n*CC*,< 90\n*CO*,> 5\n*CO*,7\n*CN*,> 9\n*CN*,< 1\n"
    rows += "*CS*,> 30\n*CS*,> 40\n*CCS*,3\n"
    table = check_table(read_table(f"SMILES,x\n{rows}".encode(), "mine.csv"))
    averaged = average_replicates(table, "median")
    assert averaged.bounds.lower[3, 0] == 40
    assert averaged.bounds.known.sum() == 1, "a label says more, and contradictions say nothing"
    assert averaged.labels[0, 0] == 55, "the middle of what lies between 20 and 90"


def test_bounds_of_several_tables_are_joined():
    first = check_table(polyethers(*map(str, range(12)), "> 30", header="Tg"))
    second = check_table(polyethers(*map(str, range(5, 20)), "< 9", header="Tg"))
    joined = join_tables([first, second], SOURCES)
    assert [p.name for p in joined.properties] == ["Tg", "Tg (md)"]
    assert joined.bounds.lower[12, 0] == 30
    assert joined.bounds.upper[-1, 1] == 9
    assert joined.bounds.known.sum() == 2
    left = leave_out(joined, ["Tg (md)"])
    assert left.bounds.lower[12, 0] == 30
    assert left.bounds.known.sum() == 1


def test_a_run_and_its_clone_keep_the_bounds(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(process, "ensure_supervisor", lambda: None)
    path = tmp_path / "mine.csv"
    path.write_text(measured())
    assert main(["train", str(path), "--preset", "smoke", "--name", "bounds", "--detach"]) == 0
    (run,) = list_runs()
    table, again = check_table(read_table(path)), clone_of(run).checked()
    for side, same in zip(table.bounds, again.bounds, strict=True):
        np.testing.assert_array_equal(side, same)
    np.testing.assert_array_equal(table.labels, again.labels)
    assert main(["train", str(path), "--bounds", "leave-out", "--name", "x", "--detach"]) == 0
    left = next(run for run in list_runs() if run.name == "x")
    assert clone_of(left).checked().bounds is None
    assert "left out, as chosen" in capsys.readouterr().err


def test_the_nearest_value_within_bounds():
    bounds = Bounds(np.array([[5.0, np.nan]]), np.array([[np.nan, 3.0]]))
    assert bounds.nearest(np.array([[1.0, 9.0]])).tolist() == [[5.0, 3.0]]
    assert bounds.nearest(np.array([[8.0, 2.0]])).tolist() == [[8.0, 2.0]]


def test_a_bound_far_from_all_labels_is_a_slip():
    table = check_table(polyethers(*map(str, range(0, 96, 4)), "> 99999", "> 100", header="Tg"))
    assert finding(table, "void_bound").count == 1
    assert np.nanmax(table.bounds.lower) == 100


def test_a_label_between_two_bounds_is_a_range():
    rows = "*CC*,> 3\n*CC*,< 10\n*CO*,5\n*CCCO*,1\n*CCO*,7\n"
    averaged = average_replicates(
        check_table(read_table(f"SMILES,x\n{rows}".encode(), "m.csv")), "mean"
    )
    assert averaged.labels[0, 0] == 6.5
    assert averaged.bounds is None


def test_bounds_are_left_out_of_parts_too(tmp_path, capsys):
    rows = [f"*{'C' * n}*,{n},{'lab' if n % 2 else 'md'}" for n in range(1, 30)]
    path = tmp_path / "mine.csv"
    path.write_text("\n".join(["SMILES,x,src", *rows, "*CCO*,> 20,lab"]))
    words = ["doctor", str(path), "--source-column", "src", "--json"]
    assert main([*words, "--bounds", "leave-out"]) == 0
    assert "left out, as chosen" in capsys.readouterr().out
