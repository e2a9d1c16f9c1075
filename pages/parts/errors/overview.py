"""The overview of errors: all properties and members at once, and the figures of one property."""

import pandas as pd
import streamlit as st

from engine.inference import bundle
from engine.inference import error_analysis as analysis
from engine.inference.bundle import BundleInfo, read_info
from engine.inference.error_filters import SEEN, UNSEEN
from engine.settings.numbers import r2_words
from engine.settings.properties import Property
from pages.parts import charts
from pages.parts.documents import explained
from pages.parts.errors.downloads import show_downloads
from pages.parts.errors.evaluation import Evaluation
from pages.parts.formatting import (
    number,
    plain,
    title_with_name,
    unit_of,
    without_unit,
)
from pages.parts.page_guard import part

_R2_IN_WORDS = 190


@part
def show_overview(evaluation: Evaluation, property_: Property) -> None:
    """Show the figures of all properties and members, and more of them for one property."""
    if evaluation.run is None:
        show_scores(evaluation)
        show_downloads(evaluation)
        return
    info = evaluation.info
    if len(info.properties) > 1:
        st.subheader("All properties")
        show_matrix(info)
    st.subheader(plain(title_with_name(property_)))
    show_figures(info.figures, property_)
    explain_figures()
    show_downloads(evaluation)


@part
def show_matrix(info: BundleInfo) -> None:
    """Show each property's errors, intervals and share of the weighted error, in a table."""
    st.caption(
        "Mean absolute error of the blend and of each member, in the unit beside the property's "
        "name."
    )
    shares = analysis.error_shares(info)
    rows = pd.DataFrame([_row(info, property_, shares) for property_ in info.properties])
    st.dataframe(
        rows,
        hide_index=True,
        column_config={
            "Labels": st.column_config.NumberColumn(format="localized"),
            "R²": st.column_config.TextColumn(
                width=_r2_width(rows["R²"]),
                help="Share of the labels' spread that is explained; below 0, the mean of the "
                "labels would be a better guess.",
            ),
            "Within 90 %": st.column_config.TextColumn(
                "Within the 90 % interval",
                help="Share of the labels that lay within intervals made from the other folds.",
            ),
            "Width": st.column_config.TextColumn(help="Mean width of these intervals."),
            "Share": st.column_config.ProgressColumn(
                "Share of the wMAE",
                format="percent",
                min_value=0.0,
                max_value=1.0,
                help="Of the weighted error of the whole run: where an improvement counts most.",
            ),
        },
    )


@part
def show_figures(figures: dict, property_: Property) -> None:
    """MAE, RMSE, R² and n of the blend and of each member."""
    rows = analysis.figure_rows(figures, property_.name)
    unit, bare = unit_of(property_.errors), without_unit(property_.errors)
    shown = pd.DataFrame(
        {
            "member": rows["member"].map(charts.title_of),
            f"MAE ({unit})": [number(bare, value) for value in rows["mae"]],
            f"RMSE ({unit})": [number(bare, value) for value in rows["rmse"]],
            "R²": [r2_words(value) for value in rows["r2"].astype(float)],
            "n (labels)": [f"{count:,}" for count in rows["n"]],
        }
    )
    hints = {"member": explained("Member"), "R²": explained("R²")}
    hints |= {f"{name} ({unit})": explained(name) for name in ("MAE", "RMSE")}
    st.dataframe(
        shown,
        hide_index=True,
        column_config={
            name: st.column_config.TextColumn(
                width=_r2_width(shown[name]) if name == "R²" else None, help=hint
            )
            for name, hint in hints.items()
        },
    )


def _r2_width(words: pd.Series) -> int | None:
    """The width in pixels of a column of R²; the browser's own would clip one that is in words."""
    return _R2_IN_WORDS if words.str.contains("mean").any() else None


def explain_figures() -> None:
    """What the figures mean, in words."""
    st.caption(
        "MAE: mean absolute error, the typical distance between prediction and label. RMSE: root "
        "of the mean squared error, which large errors dominate. R²: share of the labels' spread "
        "that is explained (1 is perfect, 0 is no better than the mean). A label is a value "
        "of the table. All are out-of-fold: each molecule was predicted by models that had "
        "not seen it."
    )


@part
def show_scores(evaluation: Evaluation) -> None:
    """The blend's errors on a table, those on what the model has seen and has not seen apart."""
    st.caption(
        "Mean absolute error (MAE) of the blend and of each member; R², bias and RMSE of the "
        "blend. A model flatters itself on repeat units that it was trained on: "
        "what it can do shows on those that it has not seen. Bias is the mean signed error, "
        "prediction minus label."
    )
    st.dataframe(
        pd.DataFrame(
            [
                row
                for property_ in evaluation.info.properties
                for row in _score_rows(evaluation, property_)
            ]
        ),
        hide_index=True,
        placeholder="–",
        column_config={"n": st.column_config.NumberColumn(format="localized")},
    )


def _score_rows(evaluation: Evaluation, property_: Property) -> list[dict[str, object]]:
    """The figures of one property: of all labels, and of those seen and not seen in training."""
    bare = without_unit(property_.errors)
    rows: dict[str, dict[str, object]] = {}
    for member in (analysis.BLEND, *evaluation.info.members):
        labels = analysis.property_rows(evaluation.rows, property_, member)
        for words, these in _seen_apart(labels).items():
            found = analysis.summary(these, property_)
            mae = {f"MAE, {charts.title_of(member)}": number(bare, found["mae"])}
            if member == analysis.BLEND:
                rows[words] = {
                    "Property": property_.errors.label,
                    "Labels": words,
                    "n": found["n"],
                    **mae,
                    "R²": r2_words(found["r2"]),
                    "Bias": number(bare, found["bias"], sign=True),
                    "RMSE": number(bare, found["rmse"]),
                }
            rows[words] |= mae
    return list(rows.values())


def _seen_apart(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Rows by whether the model was trained on their repeat units; only kinds that there are."""
    if rows["seen"].isna().any():
        return {"all": rows} if len(rows) else {}
    seen = rows["seen"].astype(bool)
    parts = {UNSEEN: rows[~seen], SEEN: rows[seen]}
    parts = {words: part for words, part in parts.items() if len(part)}
    return {"all": rows, **parts} if len(parts) > 1 else parts


def show_empty() -> None:
    """What to do without a finished run, and the figures of the default model, if there is one."""
    st.info(
        "There is no finished run yet. Train a model: when it is done, its errors are shown here, "
        "molecule by molecule.",
        icon=":material/info:",
    )
    st.page_link("pages/train.py", label="Train a model", icon=":material/model_training:")
    folder = bundle.default_bundle()
    if not (folder / bundle.INFO).is_file():
        return
    info = read_info(folder)
    st.subheader("The model in use")
    st.markdown(f"**{plain(info.name)}**, trained on {info.rows:,} rows of {plain(info.table)}:")
    explain_figures()
    for property_ in info.properties:
        st.markdown(f"**{plain(title_with_name(property_))}**")
        show_figures(info.figures, property_)


def _row(info: BundleInfo, property_: Property, shares: dict[str, float]) -> dict[str, object]:
    name, blend = property_.name, info.figures["blend"]
    # The unit stands once, in the first column.
    bare = without_unit(property_.errors)
    members = {
        charts.title_of(member): number(bare, figures["mae"].get(name))
        for member, figures in info.figures["members"].items()
    }
    interval = (info.intervals or {}).get(name)
    covered = interval.coverage if interval else None
    return {
        "Property": property_.errors.label,
        "Labels": blend["n"][name],
        "Blend": number(bare, blend["mae"][name]),
        "R²": r2_words(blend["r2"][name]),
        "Share": shares.get(name),
        "Within 90 %": "–" if covered is None else f"{covered:.1%}",
        "Width": number(bare, interval.width if interval else None),
        **members,
    }
