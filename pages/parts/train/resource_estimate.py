"""How much time and memory a run would take on this machine, before it is started."""

import time

import streamlit as st

from engine.base.errors import UserError
from engine.runs import ProbeRequest, end_probe, problem_of, read_probe, request_for, start_probe
from engine.settings.devices import DeviceSettings
from engine.settings.estimate import Probe
from engine.table import Table
from pages.parts.formatting import plain, sentence
from pages.parts.page_guard import part

_PATIENCE_SECONDS = 90.0
_TICK_SECONDS = 1.0
_MEASURING = "train measuring"
"""In the session: what is being measured, by which process, and since when."""


@part
def show_resource_estimate(table: Table, preset: str, folds: str, use: DeviceSettings) -> None:
    """Show what a run would take; it is measured the first time, which takes some seconds.

    Args:
        table: to be trained on.
        preset, folds, use: as `RunConfig` has them.
    """
    try:
        request = request_for(table, preset, folds, use)
    except UserError:
        # Why it cannot be started is said when the user tries to.
        return
    probe = read_probe(request)
    if probe:
        _show_probe(probe)
    elif _measure(request):
        st.fragment(_wait, run_every=_TICK_SECONDS)()
    else:
        _show_failure(request)


def stop_measuring() -> None:
    """End a measurement that nobody waits for any longer."""
    started = st.session_state.pop(_MEASURING, None)
    if started:
        end_probe(started[1])


def _measure(request: ProbeRequest) -> bool:
    """Start measuring unless that was tried; returns whether it is under way."""
    if st.session_state.get(_MEASURING, (None,))[0] != request:
        stop_measuring()
        st.session_state[_MEASURING] = (request, start_probe(request), time.monotonic())
    return _under_way()


def _under_way() -> bool:
    if _MEASURING not in st.session_state:
        return False
    _, started, since = st.session_state[_MEASURING]
    return started.poll() is None and time.monotonic() - since < _PATIENCE_SECONDS


def _wait() -> None:
    if not _under_way():
        # The whole page, once: only the page around a fragment can end its ticking.
        st.rerun()
    st.caption(":material/hourglass_top: Measuring how long this takes on this machine…")


def _show_probe(probe: Probe) -> None:
    st.markdown(
        f":material/timer: {plain(probe.sentence())}",
        help="Measured on this machine with a few training steps on a part of your table. The "
        "other members take time on top of this, and other programs slow it down.",
    )
    for remark in probe.remarks:
        st.caption(plain(sentence(remark)))
    if not probe.fits:
        st.warning(
            f"The memory is not enough: {plain(probe.memory_words())}. Choose a smaller preset, or "
            "“One device” under “Devices and memory”.",
            icon=":material/warning:",
        )


def _show_failure(request: ProbeRequest) -> None:
    reason = problem_of(request) or "It took too long."
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f":material/timer_off: Time and memory could not be measured. {plain(reason)}",
            width="content",
        )
        st.button("Measure again", type="tertiary", on_click=stop_measuring)
