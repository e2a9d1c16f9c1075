"""How far a run is: its state, stages, members on each fold, history and log."""

from html import escape

import pandas as pd
import streamlit as st

from engine.base.errors import UserError
from engine.models.members import MEMBERS, is_network
from engine.runs import Progress, Run, StageProgress, changes_of, find_run, read_log
from engine.runs.exit_reasons import silent_since
from engine.runs.monitoring import Cell, member_grid
from pages.parts.charts import colour_of, title_of
from pages.parts.formatting import date_and_time, plain, rough_duration, time_left, time_of_day
from pages.parts.monitor.curve_charts import TRAINING
from pages.parts.monitor.run_details import settings_of, show_badge, work_time
from pages.parts.page_guard import part

_LATEST_EPOCHS = 20
"""How many epochs tell how their time divides into training and validation."""
_LOG_LINES, _LOG_LINES_SEARCHED = 200, 100_000
"""How many lines of the log are shown, and how many the filter looks at."""
_TOASTS = {
    "done": (":material/check_circle:", "is done"),
    "stopped": (":material/stop_circle:", "has stopped"),
    "failed": (":material/error:", "has failed"),
    "interrupted": (":material/power_off:", "was interrupted"),
}

# Colours are mixed from the text's, so that they fit both themes.
_GRID_STYLE = """<style>
.pg-grid { display: grid; gap: 4px 6px; align-items: center; font-size: .82rem;
  margin-bottom: .4rem; overflow-x: auto }
.pg-grid span { opacity: .75; white-space: nowrap }
.pg-grid b { font-weight: 550; white-space: nowrap }
.pg-cell { position: relative; height: 22px; border-radius: 5px; overflow: hidden;
  min-width: 34px; background: color-mix(in srgb, currentColor 9%, transparent) }
.pg-cell i { position: absolute; inset: 0 auto 0 0; opacity: .55 }
.pg-cell.pg-all i { opacity: .85 }
.pg-cell em { position: absolute; inset: 0; text-align: center; line-height: 22px;
  font-style: normal; font-size: .76rem; font-variant-numeric: tabular-nums }
</style>"""

_BAR_STYLE = f"""<style>
.pg-bar {{ margin-bottom: .55rem }}
.pg-bar p {{ margin: 0 0 .25rem; font-size: .95rem }}
.pg-bar div {{ height: 8px; border-radius: 4px; overflow: hidden;
  background: color-mix(in srgb, currentColor 12%, transparent) }}
.pg-bar i {{ display: block; height: 100%; border-radius: 4px; background: {TRAINING};
  transition: width .5s }}
.pg-stages {{ display: grid; gap: .1rem 1rem; align-items: end;
  grid-template-columns: repeat(auto-fill, minmax(max(200px, calc((100% - 2rem) / 3)), 1fr)) }}
</style>"""


@part
def show_state(run: Run, metrics: pd.DataFrame) -> None:
    """A run's state, since when, and what it does now."""
    with st.container(horizontal=True, vertical_alignment="center"):
        show_badge(run)
        if run.archived:
            st.badge("archived", icon=":material/archive:", color="gray")
        st.caption(_now_words(run, metrics), width="content")
    if since := silent_since(run):
        st.warning(
            f"No sign of life since {time_of_day(since)}. The machine may have been asleep or be "
            "very busy; if this lasts, stop the run and resume it.",
            icon=":material/heart_broken:",
        )


_NETWORK_STAGES = {member.title for name, member in MEMBERS.items() if is_network(name)}
"""The stages in which networks learn, by their titles."""


def _now_words(run: Run, metrics: pd.DataFrame) -> str:
    spent = work_time(run)
    if not run.alive:
        return f"after {spent}" if spent else ""
    words = [
        f"for {spent}" if spent else "",
        f"Slurm's job {run.job}" if run.job else "",
        run.stage,
    ]
    if run.stage in _NETWORK_STAGES and len(metrics):
        last = metrics.iloc[-1]
        words.append(f"fold {last['fold'] + 1:.0f}, epoch {last['epoch']:.0f}")
    return plain(" · ".join(word for word in words if word))


@part
def show_progress(progress: Progress, metrics: pd.DataFrame) -> None:
    """A bar for the whole run and one for each stage, with the time left."""
    if not progress.stages:
        st.progress(0.0, "Loading the training libraries…")
        return
    left = time_left(progress.seconds_left)
    parts = [_bar(progress.overall, f"<b>{progress.overall:.0%}</b> of the run", left)]
    parts += ['<div class="pg-stages">', *(_stage(stage, metrics) for stage in progress.stages)]
    # One element for all of them: each takes time, and they are sent again every second.
    st.html(f"{_BAR_STYLE}{''.join(parts)}</div>")


def _stage(stage: StageProgress, metrics: pd.DataFrame) -> str:
    rest = time_left(stage.seconds_left) if 0 < stage.done < stage.total else ""
    if rest and is_network(stage.name):
        rest += _training_and_validation(stage.seconds_left, metrics)
    count = "done" if stage.done >= stage.total else f"{stage.done:,} of {stage.total:,}"
    return _bar(stage.done / max(stage.total, 1), f"{escape(stage.title)}: {count}", rest)


def _bar(share: float, words: str, rest: str) -> str:
    percent = 100 * min(share, 1.0)
    text = f"{words} · {rest}" if rest else words
    return (
        f'<div class="pg-bar" role="progressbar" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{percent:.0f}"><p>{text}</p><div><i style="width:{percent:.1f}%"></i>'
        "</div></div>"
    )


def _training_and_validation(seconds_left: float | None, metrics: pd.DataFrame) -> str:
    """How the time left divides into training and validation, as in the latest epochs."""
    parts = ["train_seconds", "validation_seconds"]
    if not seconds_left or metrics.empty or not set(parts) <= set(metrics):
        return ""
    spent = metrics[parts].tail(_LATEST_EPOCHS).sum()
    if not spent.sum() > 0:
        return ""
    training, validation = seconds_left * spent / spent.sum()
    return f" ({rough_duration(training)} training, {rough_duration(validation)} validation)"


@part
def show_grid(run: Run, metrics: pd.DataFrame) -> None:
    """Each member on each fold, filling as it learns; nothing when the folds are unknown."""
    cells = member_grid(run, settings_of(run), metrics)
    if not cells:
        return
    folds = list(dict.fromkeys(cell.fold for cell in cells))
    widths = f"max-content repeat({len(folds)}, minmax(34px, 1fr))"
    parts = ["<span></span>", *(f"<span>{_fold_words(fold)}</span>" for fold in folds)]
    by_member: dict[str, dict[int | None, Cell]] = {}
    for cell in cells:
        by_member.setdefault(cell.member, {})[cell.fold] = cell
    for member, by_fold in by_member.items():
        parts.append(f"<b>{escape(title_of(member))}</b>")
        parts += [_cell(by_fold[fold]) if fold in by_fold else "<span></span>" for fold in folds]
    st.html(
        f'{_GRID_STYLE}<div class="pg-grid" style="grid-template-columns: {widths}">'
        f"{''.join(parts)}</div>"
    )


def _fold_words(fold: int | None) -> str:
    return "all rows" if fold is None else f"fold {fold + 1}"


def _cell(cell: Cell) -> str:
    pieces = "networks finished" if is_network(cell.member) else "properties fitted"
    where = "on all rows" if cell.fold is None else f"with fold {cell.fold + 1} held out"
    hover = f"{title_of(cell.member)} {where}: {cell.finished} of {cell.total} {pieces}"
    if cell.left_out:
        hover, text = f"{title_of(cell.member)} was left out", "–"
    elif cell.finished == cell.total:
        text = "✓"
    elif cell.total > 1:
        text = f"{cell.finished}/{cell.total}"
    else:
        text = f"{cell.share:.0%}" if cell.share else ""
    whole = " pg-all" if cell.finished == cell.total else ""
    return (
        f'<div class="pg-cell{whole}" title="{escape(hover)}">'
        f'<i style="width:{100 * cell.share:.0f}%;background:{colour_of(cell.member)}"></i>'
        f"<em>{text}</em></div>"
    )


@part
def show_history(run: Run) -> None:
    """Every change of the run's state, with its time and reason."""
    with st.expander("History", icon=":material/history:", key=f"history {run.id}"):
        rows = [
            {
                "Time": date_and_time(change.time, exact=True),
                "State": change.state,
                "Reason": change.reason,
            }
            for change in changes_of(run.id)
        ]
        if not rows:
            st.caption("This run has no recorded history.")
            return
        st.dataframe(
            pd.DataFrame(rows),
            hide_index=True,
            column_config={"Reason": st.column_config.TextColumn(width="large")},
        )


@part
def show_log(run_id: str) -> None:
    """Show the end of a run's log, with a field to filter it."""
    wanted = st.text_input(
        "Filter",
        key=f"log filter {run_id}",
        placeholder="Show only lines that contain these words",
        label_visibility="collapsed",
        icon=":material/filter_list:",
    ).strip()
    try:
        text = read_log(find_run(run_id), _LOG_LINES_SEARCHED if wanted else _LOG_LINES)
    except UserError:
        return  # deleted meanwhile; the page says so
    if not text:
        st.caption("The log is still empty.")
        return
    if wanted:
        lines = text.splitlines()
        matching = [line for line in lines if wanted.casefold() in line.casefold()]
        st.caption(f"{len(matching):,} of {len(lines):,} lines contain “{plain(wanted)}”.")
        text = "\n".join(matching[-_LOG_LINES:])
    if text:
        st.code(text, language=None, height=280, wrap_lines=True)


@part
def announce(run: Run) -> None:
    """Say once that a run has ended while it was watched."""
    watched = st.session_state.get("monitor watched")
    st.session_state["monitor watched"] = run.id if run.alive else None
    if watched == run.id and run.state in _TOASTS:
        icon, words = _TOASTS[run.state]
        st.toast(f"{plain(run.name)} {words}.", icon=icon)


@part
def announce_stages(run: Run, progress: Progress) -> None:
    """Say once that a stage has ended while its run was watched."""
    done = {stage.title for stage in progress.stages if stage.total and stage.done >= stage.total}
    watched, before = st.session_state.get("monitor stages", (None, set()))
    st.session_state["monitor stages"] = (run.id, done)
    if watched == run.id:
        for title in [stage.title for stage in progress.stages if stage.title in done - before]:
            st.toast(f"{plain(run.name)}: {title} is done.", icon=":material/task_alt:")
