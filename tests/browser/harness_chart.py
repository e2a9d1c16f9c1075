"""A page for the test of the live chart: a curve that grows by a point each half second."""

import math
import time

import streamlit as st

from pages.parts.components import live_chart

st.set_page_config(page_title="Chart harness", layout="wide")
started = st.session_state.setdefault("started", time.monotonic())


@st.fragment(run_every=0.5)
def curve() -> None:
    count = 20 + int((time.monotonic() - started) / 0.5)
    epochs = list(range(1, count + 1))
    loss = [math.exp(-epoch / 30) + 0.04 * math.sin(epoch) for epoch in epochs]
    held_out = [
        value + 0.06 if epoch % 7 else math.nan for epoch, value in zip(epochs, loss, strict=True)
    ]
    live_chart(
        {
            "data": [
                {"x": epochs, "y": loss, "name": "training loss", "mode": "lines"},
                {"x": epochs, "y": held_out, "name": "validation loss", "mode": "lines"},
            ],
            "layout": {"xaxis": {"title": {"text": "epoch"}}},
        },
        key="curve",
    )


curve()
