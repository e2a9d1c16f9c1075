"""Charts as SVG text, for files that open without a network and without scripts."""

from collections.abc import Callable, Sequence
from html import escape

import numpy as np

from ..settings.properties import Property

_SIDE, _LEFT, _BOTTOM, _EDGE = 300, 62, 44, 12
"""Of a square plot, in pixels: its side, the space for the axes' words, and the rest around it."""

_TICKS = 5


def parity_svg(labels: np.ndarray, predictions: np.ndarray, property_: Property) -> str:
    """Labels against predictions, with the line on which both are equal.

    Args:
        labels, predictions: shape `(N,)`, in the property's unit; N is 1 or more.
        property_: on whose scale they are drawn.
    """
    points = property_.scaled(np.column_stack([labels, predictions]).astype(float))
    low, high = float(points.min()), float(points.max())
    margin = 0.04 * (high - low) or 1.0
    low, high = low - margin, high + margin

    def across(value: float) -> float:
        return _LEFT + _SIDE * (value - low) / (high - low)

    def up(value: float) -> float:
        return _EDGE + _SIDE * (high - value) / (high - low)

    # One path for all points: thousands of circles would be ten times as long.
    dots = "".join(f"M{across(x):.1f} {up(y):.1f}h0" for x, y in points)
    middle = _LEFT + _SIDE / 2
    name = escape(property_.label)
    parts = [
        f'<rect class="frame" x="{_LEFT}" y="{_EDGE}" width="{_SIDE}" height="{_SIDE}"/>',
        *_ticks(low, high, across, up, property_),
        f'<path class="equal" d="M{across(low)} {up(low)}L{across(high)} {up(high)}"/>',
        f'<path class="dots" d="{dots}"/>',
        f'<text x="{middle}" y="{_EDGE + _SIDE + 38}" text-anchor="middle">Label: {name}</text>',
        f'<text transform="translate(12 {_EDGE + _SIDE / 2}) rotate(-90)" text-anchor="middle">'
        f"Prediction: {name}</text>",
    ]
    size = f"{_LEFT + _SIDE + _EDGE} {_EDGE + _SIDE + _BOTTOM}"
    words = f"Labels against predictions of {name}, {len(points):,} points"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="parity" viewBox="0 0 {size}" role="img" '
        f'aria-label="{words}">{"".join(parts)}</svg>'
    )


def _ticks(
    low: float,
    high: float,
    across: Callable[[float], float],
    up: Callable[[float], float],
    property_: Property,
) -> Sequence[str]:
    """Numbers along both axes, with lines through the plot."""
    bare = property_.model_copy(update={"unit": "", "decimals": None})
    bottom, right = _EDGE + _SIDE, _LEFT + _SIDE
    parts = []
    for value in _round_numbers(low, high):
        words = bare.format(float(property_.unscaled(np.array(value))))
        x, y = across(value), up(value)
        parts += [
            f'<path class="grid" d="M{x:.1f} {_EDGE}V{bottom}M{_LEFT} {y:.1f}H{right}"/>',
            f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{words}</text>',
            f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{words}</text>',
        ]
    return parts


def _round_numbers(low: float, high: float) -> np.ndarray:
    """Some numbers between two others, at steps of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / _TICKS
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    return np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step + 0.0  # no −0
