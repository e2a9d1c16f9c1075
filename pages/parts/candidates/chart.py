"""Two properties of all candidates against each other, with the Pareto front."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from engine.candidates.answers import Answers
from engine.candidates.downloads import title_shown
from engine.settings.numbers import number
from engine.settings.properties import Property
from pages.parts.candidates.looking import Look
from pages.parts.charts import axis_type
from pages.parts.formatting import plain, plain_in_chart, title_with_name
from pages.parts.page_guard import part
from pages.parts.pictures import show_picture

_MANY = 2000
"""More points than this are drawn by the graphics card; SVG would be slow to move."""

_MOST_POINTS = 20_000
_MOST_SHOWN = 12
_OTHERS, _FRONT = "#8a97a3", "#0d9488"


@part
def show_chart(look: Look, shown: list[int]) -> None:
    """The chart, and the molecules that are selected in it.

    Args:
        look: the list.
        shown: the numbers of the candidates that the table shows.
    """
    answers = look.answers
    if answers is None or len(answers.properties) < 2 or len(answers.ids) < 2:
        return
    with st.expander("Property against property", icon=":material/scatter_plot:", expanded=False):
        titles = {title_with_name(each): each for each in answers.properties}
        wanted = [each.name for each in look.requirements]
        first = list(dict.fromkeys([*wanted, *answers.names]))
        options = list(titles)
        places = [answers.names.index(name) for name in first[:2]]
        left, right = st.columns(2)
        across = left.selectbox("Across", options, index=places[0], key=f"across {first[0]}")
        up = right.selectbox("Up", options, index=places[1], key=f"up {first[1]}")
        rows = np.flatnonzero(np.isin(answers.ids, shown))[:_MOST_POINTS]
        front = answers.front(look.requirements)
        chart = _scatter(answers, rows, front, titles[across], titles[up])
        event = st.plotly_chart(
            chart,
            theme="streamlit",
            key="candidates chart",
            on_select="rerun",
            selection_mode=("points", "box", "lasso"),
            alt=f"{up} against {across} of {len(rows)} candidates",
        )
        if front.any():
            st.caption(
                "The Pareto front, in green: no other candidate is better in everything that is "
                "asked for. Draw a box or a lasso to see the molecules."
            )
        else:
            st.caption("Draw a box or a lasso in the chart to see the molecules.")
        if _are_measured(answers, rows, titles[across], titles[up]).any():
            st.caption(
                "Diamonds are candidates of which one of the two values is measured, or both."
            )
        _show_chosen(look, [int(point["customdata"][0]) for point in event.selection.points])


def _scatter(
    answers: Answers, rows: np.ndarray, front: np.ndarray, across: Property, up: Property
) -> go.Figure:
    kind = go.Scattergl if len(rows) > _MANY else go.Scatter
    parts = []
    groups = (("others", rows[~front[rows]], _OTHERS), ("Pareto front", rows[front[rows]], _FRONT))
    for name, part_of, colour in groups:
        if not len(part_of):
            continue
        parts.append(
            kind(
                x=answers.column(across.name)[part_of],
                y=answers.column(up.name)[part_of],
                mode="markers",
                name=name,
                marker={
                    "color": colour,
                    "size": 8 if name != "others" else 6,
                    "opacity": 0.8,
                    "symbol": np.where(
                        _are_measured(answers, part_of, across, up), "diamond", "circle"
                    ),
                },
                customdata=answers.ids[part_of][:, None],
                hovertemplate=f"%{{x:.4g}} {plain_in_chart(across.unit)}<br>%{{y:.4g}} "
                f"{plain_in_chart(up.unit)}<extra></extra>",
            )
        )
    return go.Figure(parts).update_layout(
        height=420,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        xaxis={"title": plain_in_chart(across.label), "type": axis_type(across)},
        yaxis={"title": plain_in_chart(up.label), "type": axis_type(up)},
        showlegend=bool(front.any()),
        legend={"orientation": "h", "y": 1.05},
    )


def _are_measured(answers: Answers, rows: np.ndarray, across: Property, up: Property) -> np.ndarray:
    """Of which rows one of the two values is measured, bool."""
    places = [answers.names.index(each.name) for each in (across, up)]
    return answers.is_measured[np.ix_(rows, places)].any(axis=1)


def _show_chosen(look: Look, chosen: list[int]) -> None:
    """The molecules that are selected in the chart."""
    if not chosen or look.answers is None:
        return
    if len(chosen) > _MOST_SHOWN:
        st.caption(f"{len(chosen):,} are selected; the first {_MOST_SHOWN} are shown.")
    with st.container(horizontal=True, gap="small"):
        for each in look.list_.candidates(chosen[:_MOST_SHOWN]):
            with st.container(border=True, width=190, gap="xsmall"):
                if each.unit:
                    show_picture(each.unit, 156, 96)
                st.markdown(f"**{plain(title_shown(each))}**")
                names = [one.name for one in look.requirements] or look.answers.names[:3]
                for name in names:
                    k = look.answers.names.index(name)
                    value = look.answers.values[look.answers.row_of(each.id), k]
                    words = number(look.answers.properties[k], value)
                    measured = look.answers.labels(look.answers.row_of(each.id), name)
                    st.caption(plain(f"{name} {words}{' ●' if measured else ''}"))
