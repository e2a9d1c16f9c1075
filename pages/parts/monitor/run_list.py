"""The list of all runs, in which one is chosen."""

import pandas as pd
import streamlit as st

from engine.runs import Run, in_line, list_runs, preset_of
from engine.settings.metrics import HEADLINES, MEAN_R2, WMAE, headline
from pages.parts.formatting import date_and_time
from pages.parts.monitor.run_details import STATES, settings_of, work_time
from pages.parts.page_guard import part

_MANY = 8
"""From this many runs on, the list can be searched."""


@part
def show_list(selected: str) -> None:
    """Show the runs, newest first; a click chooses another.

    Args:
        selected: the id of the run that is shown below; empty for none.
    """
    everything = list_runs()
    runs = _shown(everything, selected)
    if not runs:
        st.caption("No run matches.")
        return
    ids = [run.id for run in runs]
    figures = {run.id: headline(run.figures["blend"]) for run in runs if run.figures}
    kinds = [kind for kind in HEADLINES if kind in {name for name, _ in figures.values()}]
    listed = selected in ids
    line = enumerate(in_line(everything), start=1)
    places = {run.id: place for place, run in line if run.id in ids}
    picked = st.dataframe(
        pd.DataFrame([_row(run, places, _figures(run, figures, kinds)) for run in runs]),
        hide_index=True,
        placeholder="–",
        height=min(36 * len(runs) + 38, 260),
        column_config=_columns(),
        on_select="rerun",
        # A required row would jump to the first one when the selected run is not in the list.
        selection_mode="single-row-required" if listed else "single-row",
        selection_default={"selection": {"rows": [ids.index(selected)]}} if listed else None,
        # The key names the rows: another list must not inherit the number of the picked row.
        key=f"monitor list {selected} {hash(tuple(ids))}",
    )
    rows = picked["selection"]["rows"]
    if rows and ids[rows[0]] != selected:
        st.query_params["run"] = ids[rows[0]]
        st.rerun()


def preset_title(settings: dict) -> str:
    """A run's preset as people write it."""
    preset = preset_of(settings)
    return preset.title if preset else settings.get("preset", "")


def _shown(runs: list[Run], selected: str) -> list[Run]:
    """The runs that the search and the switch above the list let through."""
    archived = sum(run.archived for run in runs)
    if len(runs) < _MANY and not archived:
        return runs
    with st.container(horizontal=True, vertical_alignment="center"):
        words = _search(len(runs)) if len(runs) >= _MANY else ""
        if archived and not st.toggle(
            f"Show archived ({archived:,})", key="monitor archived", width="content"
        ):
            runs = [run for run in runs if not run.archived or run.id == selected]
    return [run for run in runs if words in _search_text(run)] if words else runs


def _search(count: int) -> str:
    words = st.text_input(
        "Search",
        key="monitor search",
        placeholder=f"Search {count:,} runs by name, note, state or preset",
        label_visibility="collapsed",
        icon=":material/search:",
    )
    return words.strip().casefold()


def _search_text(run: Run) -> str:
    settings = settings_of(run)
    # By the name on pages, and by that of the commands.
    presets = preset_title(settings), settings.get("preset", "")
    words = [run.name, run.id, run.note, run.owner, run.state, *presets]
    return " ".join(words).casefold()


def _row(run: Run, places: dict[str, int], figures: dict[str, float | None]) -> dict[str, object]:
    row = {
        "Name": run.name,
        "State": [run.state, *(["archived"] if run.archived else [])],
        "Progress": 100 * run.progress,
        **figures,
        "Preset": preset_title(settings_of(run)),
        "Started": date_and_time(run.started or run.created),
        "Duration": work_time(run),
    }
    return row | {"In line": places.get(run.id)} if places else row


def _figures(
    run: Run, figures: dict[str, tuple[str, float | None]], kinds: list[str]
) -> dict[str, float | None]:
    """A run's headline in the column of its kind; there is a column for each kind in the list."""
    name, value = figures.get(run.id, ("", None))
    return {kind: value if kind == name else None for kind in kinds}


def _columns() -> dict[str, object]:
    states = {state: colour for state, (_, _, colour) in STATES.items()} | {"archived": "#94a3b8"}
    return {
        "Name": st.column_config.TextColumn(width="medium"),
        "State": st.column_config.MultiselectColumn(
            options=list(states), color=list(states.values()), width="small"
        ),
        "Progress": st.column_config.ProgressColumn(min_value=0, max_value=100, format="%.0f %%"),
        "Duration": st.column_config.TextColumn(help="Time at work, without pauses."),
        "In line": st.column_config.NumberColumn(help="Place among the queued runs."),
        MEAN_R2: st.column_config.NumberColumn(
            "Mean R²",
            format="%.3f",
            help="Share of the labels' variance that the blend explains, out-of-fold, in the mean "
            "over the properties: 1 is perfect, 0 no better than guessing the mean.",
        ),
        WMAE: st.column_config.NumberColumn(
            format="%.4f",
            help="Weighted mean absolute error of the blend, out-of-fold; lower is better, no "
            "unit. Compare only runs on the same table and folds.",
        ),
    }
