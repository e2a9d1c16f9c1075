"""Our two small browser components: a molecule editor and a chart that keeps its zoom."""

import functools
import importlib.metadata
import importlib.util
import json
import math
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import streamlit as st
import streamlit.components.v1 as v1

from engine.base import workspace
from engine.base.errors import DiskFullError, UserError
from engine.base.sqlite_files import disk_is_full
from engine.chem import draw
from engine.chem.smiles import BadSmilesError, canonical

_PACKAGE_FILES = {
    "molecule_editor": ("streamlit-jsme", "streamlit_jsme", "jsme"),
    "live_chart": ("plotly", "plotly", "package_data/plotly.min.js"),
}
"""By component: the distribution, its package, and what is taken out of that package."""


def molecule_editor(smiles: str, key: str, height: int = 380) -> str | None:
    """Show a repeat unit in a drawing editor and return what is drawn in it now.

    The editor is loaded again only when `smiles` changes to a structure other than the one that
    is drawn, so the text it returns can be fed back to it.

    Args:
        smiles: the repeat unit to show; an empty text clears the canvas.
        key: the component's name on the page.
        height: in pixels, of the whole editor.

    Returns:
        The canonical SMILES of the drawing, "" for an empty canvas, and None while `smiles` is
        a text that cannot be drawn and nothing has been drawn since.
    """
    first = {"load": 0, "asked": None, "structure": None, "returned": None}
    sent = {**first, **st.session_state.get(f"{key} sent", {})}
    value = st.session_state.get(key)
    answer = value if value and value["load"] == sent["load"] else None
    # A page that feeds our answer back may be one edit behind the user: that is no request.
    echo = value is not None and _is_same(smiles, sent["returned"])
    if not echo and (smiles != sent["asked"] or value is None):
        on_canvas = draw.from_molblock(answer["molfile"]) if answer else sent["structure"]
        if not _is_same(smiles, on_canvas):
            sent, answer = _load(smiles, sent["load"] + 1), None
        elif answer and not answer["edited"]:
            sent["structure"] = on_canvas
    sent["asked"], sent["returned"] = smiles, sent["structure"]
    if answer and answer["edited"]:
        sent["returned"] = draw.from_molblock(answer["molfile"])
    # Before the browser hears of it: a click may end this script at the next call, and another
    # structure must not get the number of one that the browser has loaded already.
    st.session_state[f"{key} sent"] = sent
    _component("molecule_editor")(
        key=key,
        load=sent["load"],
        molfile=sent["molfile"],
        # The drawing as it was left, for when the browser has to build the editor anew.
        drawn=answer["molfile"] if answer and answer["edited"] else None,
        height=height,
        default=None,
    )
    unedited = draw.from_molblock(answer["molfile"]) if answer and not answer["edited"] else None
    if unedited is not None and sent["structure"] and unedited != sent["structure"]:
        st.caption(
            "The editor cannot draw every detail of this structure (a radical, for example). "
            "The text holds it as written; an edit in the drawing loses that detail."
        )
    return sent["returned"]


class Chart(NamedTuple):
    """One chart among others.

    Attributes:
        key: its name; another key starts with a fresh zoom.
        text: what `chart_text` made of it.
        title: its first words, in bold.
        words: what follows them.
        height: of the chart, in pixels.
        wide: whether it has a row to itself.
    """

    key: str
    text: str
    title: str = ""
    words: str = ""
    height: int = 320
    wide: bool = False


def live_charts(charts: Sequence[Chart], key: str) -> None:
    """Show Plotly charts, up to three in a row, that keep zoom and hover while their data change.

    One component for all of them: a page that watches a run sends everything again every second,
    and each element takes time.

    Args:
        charts: in their order.
        key: the component's name on the page.
    """
    described = [
        {
            "key": chart.key,
            "figure": chart.text,
            "words": [chart.title, chart.words],
            "height": chart.height,
            "wide": chart.wide,
        }
        for chart in charts
    ]
    _component("live_chart")(key=key, charts=described)


def live_chart(chart: dict, key: str, height: int = 320) -> None:
    """Show one chart as `live_charts` does.

    Args:
        chart: `data` and `layout` as Plotly writes them; arrays may be NumPy's, and gaps NaN.
        key: the component's name on the page.
        height: in pixels.
    """
    live_charts([Chart(key, chart_text(chart), height=height, wide=True)], key)


def chart_text(chart: dict) -> str:
    """A chart as `live_charts` sends it to the browser; worth keeping while it does not change."""
    return json.dumps(_json_value(chart), allow_nan=False)


def _load(smiles: str, number: int) -> dict[str, Any]:
    """What the editor is to show: a numbered load, so that the same text can be sent twice."""
    if not smiles.strip():
        return {"load": number, "structure": "", "molfile": ""}
    try:
        return {
            "load": number,
            "structure": canonical(smiles),
            "molfile": draw.molblock(smiles),
        }
    except BadSmilesError:
        return {"load": number, "structure": None, "molfile": ""}


def _is_same(smiles: str, drawn: str | None) -> bool:
    """Whether a text names the structure that is drawn; half-drawn ones compare as text."""
    if drawn is None:
        return False
    try:
        return smiles.strip() == drawn or canonical(smiles) == drawn
    except BadSmilesError:
        return False


def _json_value(value: Any) -> Any:
    """A value made of what JSON knows: arrays become lists, NaN and infinity become gaps."""
    if isinstance(value, dict):
        return {name: _json_value(part) for name, part in value.items()}
    if hasattr(value, "tolist"):
        whole = getattr(value, "dtype", None) is not None and value.dtype.kind in "iuf"
        finite = whole and bool(np.isfinite(value).all())
        value = value.tolist()
        if finite:
            return value  # no gaps: a look at each number would take most of the time
    if isinstance(value, list | tuple):
        return [_json_value(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | int | float):
        return value
    return str(value)


def _component(name: str) -> Callable[..., Any]:
    return _declared(name, _folder(name))


@functools.cache
def _declared(name: str, folder: Path) -> Callable[..., Any]:
    return v1.declare_component(name, path=folder)


def _folder(name: str) -> Path:
    """The component's static files in the workspace, gathered there if they are missing."""
    page, source, version = _sources(name)
    folder = workspace.subfolder("cache", "components") / f"{name}-{version}"
    if (folder / "index.html").is_file():
        return folder
    gathered = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{name}-"))
    try:
        if source.is_dir():
            shutil.copytree(source, gathered, dirs_exist_ok=True)
        else:
            shutil.copy(source, gathered)
        shutil.copytree(page.parent, gathered, dirs_exist_ok=True)
        gathered.chmod(0o755)
        os.rename(gathered, folder)
    except OSError as error:
        # Another process was first; a folder that exists is complete.
        if not (folder / "index.html").is_file():
            if disk_is_full(folder.parent):
                raise DiskFullError from error
            raise
    finally:
        shutil.rmtree(gathered, ignore_errors=True)
    return folder


@functools.cache
def _sources(name: str) -> tuple[Path, Path, str]:
    """Our page, the library's files, and a version that changes when either does."""
    page = workspace.ASSETS / "components" / name / "index.html"
    distribution, package, inside = _PACKAGE_FILES[name]
    spec = importlib.util.find_spec(package)
    source = Path(spec.origin).parent / inside if spec and spec.origin else None
    if source is None or not source.exists():
        raise UserError(
            f"The Python package {distribution} is missing or incomplete; "
            f"install it with `pip install --force-reinstall {distribution}`."
        )
    ours = b"".join(path.read_bytes() for path in sorted(page.parent.rglob("*")) if path.is_file())
    version = f"{importlib.metadata.version(distribution)}-{sha256(ours).hexdigest()[:8]}"
    return page, source, version
