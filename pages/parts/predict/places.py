"""The places at which a molecule may be changed, as numbers on its drawing that can be clicked."""

from collections.abc import Callable

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from engine.chem import draw
from engine.chem.smiles import BadSmilesError
from engine.chem.variants import Place, Places
from pages.parts.formatting import plain, plain_in_chart
from pages.parts.pictures import address_of_svg

_WIDTH, _HEIGHT = 420, 260
_COLOUR = (0.36, 0.62, 0.90)
"""Behind the atoms of the chosen place."""
_STRONG, _FAINT = 0.75, 0.3
"""How much of the colour those atoms have, and others like them that stay as they are."""
_BESIDE = 17
"""How far from its atom a number stands, in pixels."""
_TURNS = np.linspace(0, 2 * np.pi, 16, endpoint=False)
_KEY = "places on the drawing"


def place_label(places: Places, place: Place) -> str:
    """A place in words, with its number on the drawing."""
    alike = f", one of {len(place.sites)} alike" if len(place.sites) > 1 else ""
    return f"{places.places.index(place) + 1} · {place.name}{alike}"


def show_places(
    places: Places, chosen: Place, everywhere: bool, choose: Callable[[str], None]
) -> None:
    """Show a molecule with a number at each place; a click on one chooses it.

    Args:
        places: of the molecule.
        chosen: the one in colour.
        everywhere: whether those like it are in the same colour.
        choose: called with the label of a place that is clicked.
    """
    dark = st.context.theme.type == "dark"
    labels = [place_label(places, place) for place in places.places]
    try:
        chart = _chart(places, chosen, everywhere, labels, dark)
    except BadSmilesError as error:
        st.caption(f"No drawing: {plain(str(error))}.")
        return
    st.plotly_chart(
        chart,
        theme=None,
        key=_KEY,
        on_select=lambda: _clicked(labels, choose),
        selection_mode="points",
        config={"displayModeBar": False},
        alt=f"Structure of the repeat unit; the chosen place is {chosen.name}",
    )


def _clicked(labels: list[str], choose: Callable[[str], None]) -> None:
    points = st.session_state[_KEY]["selection"]["points"]
    # A late browser may tell of a molecule that had more places.
    if points and points[0]["point_index"] < len(labels):
        choose(labels[points[0]["point_index"]])


def _chart(
    places: Places, chosen: Place, everywhere: bool, labels: list[str], dark: bool
) -> go.Figure:
    colours = _colours(chosen, everywhere, dark)
    picture = draw.drawing(places.smiles, _WIDTH, _HEIGHT, dark, colours)
    spots = _spots(places, np.array(picture.points))
    is_chosen = [place == chosen for place in places.places]
    ground, ink = ("#0b1016", "#e6e9ec") if dark else ("#ffffff", "#20262c")
    chart = go.Figure(
        go.Scatter(
            x=spots[:, 0],
            y=spots[:, 1],
            mode="markers+text",
            text=[str(number) for number in range(1, len(labels) + 1)],
            textfont={"size": 11, "color": ["#ffffff" if own else ink for own in is_chosen]},
            marker={
                "size": 19,
                "color": ["#2f6fb5" if own else ground for own in is_chosen],
                "line": {"width": 1, "color": "#8b9099"},
            },
            # Plotly would fade what is not clicked.
            unselected={"marker": {"opacity": 1}},
            hovertext=[plain_in_chart(label) for label in labels],
            hoverinfo="text",
        )
    )
    chart.add_layout_image(
        source=address_of_svg(picture.svg),
        xref="x",
        yref="y",
        x=0,
        y=0,
        sizex=_WIDTH,
        sizey=_HEIGHT,
        sizing="stretch",
        layer="below",
    )
    hidden = {"visible": False, "fixedrange": True, "constrain": "domain"}
    chart.update_xaxes(range=[0, _WIDTH], **hidden)
    chart.update_yaxes(range=[_HEIGHT, 0], scaleanchor="x", **hidden)
    return chart.update_layout(
        height=_HEIGHT,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        dragmode=False,
        showlegend=False,
    )


def _colours(chosen: Place, everywhere: bool, dark: bool) -> draw.Colours:
    """Behind the atoms of the chosen place, and fainter behind others like it.

    Args:
        chosen: it.
        everywhere: whether those are changed too, so that they have the same colour.
        dark: whether the drawing is shown on a dark ground.
    """
    strong, faint = (draw.behind(_COLOUR, share, dark) for share in (_STRONG, _FAINT))
    colours = dict.fromkeys(chosen.alike, strong if everywhere else faint)
    return tuple((colours | dict.fromkeys(chosen.atoms, strong)).items())


def _spots(places: Places, points: np.ndarray) -> np.ndarray:
    """Where the numbers stand: in the middle of a group or beside its atoms, where most room is.

    Args:
        places: P places.
        points: of the atoms, in pixels.

    Returns:
        Shape `(P, 2)`, in pixels.
    """
    gaps = np.linalg.norm(points[:, None] - points, axis=-1)
    first, second = np.triu_indices(len(points), 1)
    # Atoms as near as bonded ones are, so that no number stands on a bond.
    bonded = gaps[first, second] < 1.25 * np.median(np.sort(gaps)[:, 1])
    taken = np.concatenate([points, (points[first] + points[second])[bonded] / 2])
    around = _BESIDE * np.array([(np.cos(turn), np.sin(turn)) for turn in _TURNS])
    spots: list[np.ndarray] = []
    for place in places.places:
        own = points[list(place.atoms)]
        candidates = np.concatenate([own.mean(axis=0)[None], *(atom + around for atom in own)])
        room = _nearest(candidates, taken)
        if spots:
            # A number is twice as wide as a bond.
            room = np.minimum(room, _nearest(candidates, np.array(spots)) / 2)
        spots.append(candidates[room.argmax()])
    return np.array(spots)


def _nearest(these: np.ndarray, those: np.ndarray) -> np.ndarray:
    """How far each of `(N, 2)` points is from the nearest of `(M, 2)` others."""
    return np.linalg.norm(these[:, None] - those, axis=-1).min(axis=1)
