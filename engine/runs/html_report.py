"""The report on a finished run as one HTML file: it opens offline and holds no script."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ..base.errors import UserError
from ..base.workspace import ASSETS
from ..chem import draw
from ..chem.description import described
from ..inference.bundle import BundleInfo, read_info
from ..inference.conformal import LEVEL
from ..inference.error_analysis import (
    BLEND,
    error_shares,
    property_rows,
    summary,
    with_intervals,
)
from ..inference.error_facets import Facet, errors_by, facets_of, group_words
from ..inference.error_traits import with_traits
from ..models.members import title_of
from ..settings.conditions import Condition
from ..settings.numbers import number, number_range, r2_words, without_unit
from ..settings.properties import Property, is_competition
from .folder import read_config, read_out_of_fold, read_report
from .records import Run
from .svg_charts import parity_svg

Progress = Callable[[str, int, int], None]

_WORST = 12
_SETTINGS = ("preset", "folds", "seed", "table")


def html_report(run: Run, progress: Progress | None = None) -> str:
    """The whole report.

    Args:
        run: a finished one.
        progress: told what is being done, how much is done and how much there is.

    Raises:
        UserError: when the run has not finished, or its files are missing.
    """
    if run.state != "done":
        raise UserError(
            f"Run {run.name!r} has not finished: its state is “{run.state}”. A report needs its "
            "out-of-fold predictions, which come with its end."
        )
    info = read_info(run.bundle)
    table = with_intervals(read_out_of_fold(run), info)
    config, report = read_config(run), read_report(run)
    properties = [each for each in info.properties if (table["property"] == each.name).any()]
    template = _environment().get_template("run.html")
    return template.render(
        run=run,
        info=info,
        made=datetime.now().strftime("%d %B %Y, %H:%M"),
        finished=datetime.fromtimestamp(run.finished or run.created).strftime("%d %B %Y, %H:%M"),
        settings={name: config.get(name, "") for name in _SETTINGS} | {"rows": f"{info.rows:,}"},
        remarks=report.get("remarks") or [],
        level=f"{100 * LEVEL:.0f} %",
        members=[title_of(member) for member in info.members],
        matrix=_matrix(info),
        headlines=_headlines(info),
        sections=[
            _section(table, property_, info.conditions, progress) for property_ in properties
        ],
    )


def _environment() -> Environment:
    # Whatever stands in a table or a name is escaped; only what this file makes is `Markup`.
    return Environment(
        loader=FileSystemLoader(ASSETS / "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _headlines(info: BundleInfo) -> list[str]:
    """The weighted error, of tables that have the competition's properties."""
    wmae = info.figures[BLEND]["wmae"]
    if wmae is None or not is_competition(info.names):
        return []
    return [f"wMAE {wmae:.4f}"]


def _matrix(info: BundleInfo) -> list[dict[str, Any]]:
    """By property: the errors of blend and members, its interval, its share of the wMAE."""
    blend, shares, rows = info.figures[BLEND], error_shares(info), []
    for property_ in info.properties:
        name, errors = property_.name, without_unit(property_.errors)
        interval = (info.intervals or {}).get(name)
        share, covered = shares.get(name), interval.coverage if interval else None
        members = [info.figures["members"][member]["mae"].get(name) for member in info.members]
        rows.append(
            {
                "property": property_.errors.label,
                "labels": f"{blend['n'][name]:,}",
                "blend": number(errors, blend["mae"][name]),
                "rmse": number(errors, blend["rmse"][name]),
                "r2": r2_words(blend["r2"][name]),
                "members": [number(errors, value) for value in members],
                "covered": "–" if covered is None else f"{covered:.1%}",
                "width": number(errors, interval.width if interval else None),
                "share": "–" if share is None else f"{share:.0%}",
            }
        )
    return rows


def _section(
    table: pd.DataFrame,
    property_: Property,
    conditions: Sequence[Condition],
    progress: Progress | None,
) -> dict[str, Any]:
    """All about one property."""
    labels = with_traits(table[table["property"] == property_.name], progress)
    rows = property_rows(labels, property_)
    found, errors = summary(rows, property_), property_.errors
    facets = [each for each in facets_of(rows, conditions) if each.column != "fold"]
    # Classes first: the others lie folded below them.
    facets.sort(key=lambda facet: facet.kind != "classes")
    worst = rows.loc[rows["error"].abs().sort_values(ascending=False, kind="stable").index[:_WORST]]
    return {
        "title": property_.title,
        "name": property_.name,
        "labels": f"{found['n']:,}",
        "mae": number(errors, found["mae"]),
        "bias": number(errors, found["bias"], sign=True),
        # Drawn here: names in it are escaped where it is made.
        "parity": Markup(parity_svg(rows["label"], rows["prediction"], property_))  # noqa: S704
        if len(rows)
        else "",
        "groups": [
            _groups(rows, facet, property_)
            for facet in sorted(facets, key=lambda facet: facet.kind)
        ],
        "worst": [_molecule(row, property_) for row in worst.to_dict("records")],
    }


def _groups(rows: pd.DataFrame, facet: Facet, property_: Property) -> dict[str, Any]:
    """The mean error of each group of rows, with the length of its bar."""
    means = errors_by(rows, facet)
    largest = means["mae"].max() or 1.0
    unit = property_.unit if facet.column == "label" else ""
    return {
        "title": f"{facet.title} ({unit})" if unit else facet.title,
        "rows": [
            {
                "group": group_words(facet, group, property_),
                "rows": f"{group['rows']:,}",
                "mae": number(property_.errors, group["mae"]),
                "bias": number(property_.errors, group["bias"], sign=True),
                "share": f"{100 * group['mae'] / largest:.0f}",
            }
            for group in means.to_dict("records")
        ],
    }


def _molecule(row: dict[str, Any], property_: Property) -> dict[str, Any]:
    """One molecule, drawn; its texts are escaped by the template."""
    picture = draw.svg(row["smiles"], 230, 140)
    interval = ""
    if row["low"] == row["low"]:
        ends = number_range(property_, row["low"], row["high"])
        interval = f"{100 * LEVEL:.0f} % interval {ends}"
    return {
        # RDKit's drawing of a molecule; no text of a user is in it.
        "picture": Markup(picture[picture.index("<svg") :]),  # noqa: S704
        "words": described(row["smiles"]),
        "id": row["id"],
        "row": row["row"],
        "smiles": row["smiles"],
        "label": number(property_, row["label"]),
        "prediction": number(property_, row["prediction"]),
        "error": number(property_.errors, row["error"], sign=True),
        "interval": interval,
        "similarity": "" if row["similarity"] != row["similarity"] else f"{row['similarity']:.2f}",
        "classes": ", ".join(row["classes"]),
    }
