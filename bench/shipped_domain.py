"""What the shipped model's domain does to its error: `python -m bench.shipped_domain TABLES`.

For a bundle from before that was measured when a model is made. TABLES holds the tables as
`bench.shipped_tables` writes them; the out-of-fold predictions are those that
`bench.sources_accuracy` kept. Nothing is written unless they are those of the very run that is
shipped: same errors, same intervals, same domain.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.out_of_fold import OutOfFold, load_out_of_fold
from bench.shipped_tables import SOURCES
from engine.features.compute import canonical_units
from engine.inference.bundle import SHIPPED, BundleInfo, read_info, write_info
from engine.inference.conformal import calibrate, member_spread, of_weight
from engine.inference.domain import Domain, DomainInfo, seen_in_table
from engine.inference.domain_effect import held_out_sides, measured_effects
from engine.table import Table, join_tables, load_table

OUT_OF_FOLD = Path("results/sources/all-random.parquet")
_ANSWER = {"Tg": "measured", "Density": "measured"}
_ROUNDING = 1e-9


def main() -> None:
    """Write into `bundle.json` what the domain does to the error, and what units are made of."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", type=Path)
    info = read_info(SHIPPED)
    units, out_of_fold = proven_out_of_fold(parser.parse_args().tables, info)
    assert info.domain is not None
    labels, names, folds = out_of_fold.labels, info.names, out_of_fold.folds
    effects = measured_effects(
        held_out_sides(units, labels, folds),
        out_of_fold.errors,
        member_spread(out_of_fold.predicted),
        folds,
        names,
    )
    told = {"effects": effects, "seen": seen_in_table(units, labels, names)}
    write_info(SHIPPED, info.model_copy(update={"domain": info.domain.model_copy(update=told)}))
    for name, effect in effects.items():
        print(name, effect.model_dump_json())


def proven_out_of_fold(tables: Path, info: BundleInfo) -> tuple[list[str], OutOfFold]:
    """The canonical units of the shipped model's N rows, and its run's out-of-fold predictions.

    Args:
        tables: the folder that `bench.shipped_tables` wrote.
        info: of the shipped model.

    Raises:
        AssertionError: where the predictions that were kept are not those of the model's run.
    """
    table = _table(tables, info)
    out_of_fold = load_out_of_fold(OUT_OF_FOLD, table)
    predicted = of_weight(out_of_fold.predicted, out_of_fold.members, info.blend)
    out_of_fold = replace(out_of_fold, predicted=predicted)
    units = canonical_units(table.canonical)
    assert info.domain is not None
    _prove(info, info.domain, units, out_of_fold)
    return units, out_of_fold


def _table(folder: Path, info: BundleInfo) -> Table:
    tables = [load_table(folder / f"{name}.csv") for name in SOURCES]
    sources = {source.name: source for source in info.sources}
    return join_tables(tables, [sources[name] for name in SOURCES], _ANSWER)


def _prove(info: BundleInfo, domain: DomainInfo, units: list[str], run: OutOfFold) -> None:
    """Raise AssertionError where the predictions are not those of the bundle's run."""
    assert run.names == info.names
    assert run.members == info.members
    assert np.isfinite(run.labels).sum(axis=0).tolist() == [*info.labels.values()]
    figures = info.figures["blend"]["mae"]
    of_folds = calibrate(run.labels, run.predicted, run.blended, run.folds, run.names)
    thresholds = Domain.of(units, run.labels).thresholds()
    for k, name in enumerate(run.names):
        assert np.isclose(np.nanmean(run.errors[:, k]), figures[name], rtol=_ROUNDING)
        interval = (info.intervals or {})[name]
        assert np.isclose(of_folds[name].quantile, interval.quantile, rtol=_ROUNDING)
        assert of_folds[name].coverage == interval.coverage
        assert thresholds[k] == domain.thresholds[name]


if __name__ == "__main__":
    main()
