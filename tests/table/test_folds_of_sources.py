"""Folds of several tables: a polymer is never on both sides, in any source."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from engine.chem.polymers import polymer_keys
from engine.runs import RunConfig, with_kept_folds
from engine.settings.sources import Source
from engine.table import Table, join_tables, leave_out, load_table
from engine.table.folds import given_folds, make_folds

SOURCES = [Source(name="lab"), Source(name="md")]
THIRD = Source(name="old")
CHAINS = [f"*{'C' * n}OC(=O){'C' * m}*" for n in range(1, 7) for m in range(1, 7)]
RINGS = [f"*c1ccc({'C' * n}O*)cc1" for n in range(1, 7)]


def _table(name: str, smiles: list[str], **columns: list | np.ndarray) -> Table:
    frame = pd.DataFrame({"SMILES": smiles, "Tg": np.arange(len(smiles)) / 7, **columns})
    return load_table(frame.to_csv(index=False).encode(), f"{name}.csv")


def _folds_by_unit(table: Table, folds: np.ndarray) -> pd.Series:
    return pd.Series(folds).groupby(np.array(table.canonical)).nunique()


def test_random_folds_keep_a_polymer_together() -> None:
    bracketed = [smiles.replace("*", "[*]") for smiles in CHAINS]
    joined = join_tables(
        [_table("lab", CHAINS), _table("md", bracketed, x=np.arange(36.0))], SOURCES
    )
    folds = make_folds("random:5", joined.canonical, joined.labels, 0)
    assert (_folds_by_unit(joined, folds) == 1).all()


@pytest.fixture
def joined() -> Table:
    lab = _table("lab", CHAINS[:20], part=[n % 4 for n in range(20)])
    md = _table("md", CHAINS[10:] + RINGS)
    return join_tables([lab, md], SOURCES)


def test_given_folds_of_the_first_table_are_extended(joined: Table) -> None:
    folds = given_folds("column:part", joined)
    assert folds is not None
    assert folds[:20].tolist() == [n % 4 for n in range(20)]
    # Polymers of the first part go where its first drawing of them is.
    polymers = polymer_keys(joined.canonical)
    fold_of: dict[str, int] = {}
    for polymer, fold in zip(polymers[:20], folds[:20].tolist(), strict=True):
        fold_of.setdefault(polymer, fold)
    for polymer, fold in zip(polymers[20:], folds[20:].tolist(), strict=True):
        assert fold == fold_of.setdefault(polymer, fold)
    new = np.bincount(folds[-len(RINGS) :], minlength=4)
    assert len(new) == 4
    assert new.min() > 0


def test_drawings_of_one_polymer_stay_together() -> None:
    turned = [f"*{'C' * m}C(=O)O{'C' * n}*" for n in range(1, 7) for m in range(1, 7)]
    shifted = [f"*OC(=O){'C' * (n + m)}*" for n in range(1, 7) for m in range(1, 7)]
    lab = _table("lab", CHAINS, part=[n % 4 for n in range(36)])
    joined = join_tables([lab, _table("md", turned), _table("old", shifted)], [*SOURCES, THIRD])
    made = make_folds("random:4", joined.canonical, joined.labels, 0, by_polymer=True)
    for folds in (made, given_folds("column:part", joined)):
        assert folds is not None
        polymers = polymer_keys(joined.canonical)
        others = pd.Series(folds[36:]).groupby(np.array(polymers[36:])).nunique()
        assert (others == 1).all()
    assert (pd.Series(made).groupby(np.array(polymers)).nunique() == 1).all()


def test_folds_that_keep_clusters_are_extended_by_clusters() -> None:
    lab = _table("lab", CHAINS[:8] + RINGS[:3], part=[0] * 8 + [1] * 3)
    md = _table("md", CHAINS[30:] + RINGS[3:])
    joined = join_tables([lab, md], SOURCES)
    folds = given_folds("column:part", joined)
    assert folds is not None
    assert folds[11:].tolist() == [0] * 6 + [1] * 3


def test_a_clone_without_some_labels_keeps_its_folds() -> None:
    lab, md = _table("lab", CHAINS), _table("md", RINGS * 3, y=np.arange(18.0))
    joined = replace(join_tables([lab, md], SOURCES), parts=())
    frame = pd.DataFrame({"SMILES": joined.smiles})
    rows = np.arange(2, len(frame) + 2)
    joined = replace(joined, raw=replace(lab.raw, frame=frame, rows=rows), rows=rows)
    config = RunConfig(name="a", preset="smoke", folds="random:4", seed=3)
    kept, config = with_kept_folds(joined, config)
    left = leave_out(kept, ["Tg (md)"])
    whole = make_folds("random:4", joined.canonical, joined.labels, 3, by_polymer=True)
    folds = given_folds(config.folds, left)
    assert folds is not None
    assert folds.tolist() == whole.tolist()
    assert given_folds(config.folds, kept).tolist() == whole.tolist()
