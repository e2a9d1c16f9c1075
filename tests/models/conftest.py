"""Real polymers for tests of members."""

import numpy as np
import pytest

from engine.features.compute import compute_features
from engine.table import load_table
from tests.conftest import TEXTBOOK


@pytest.fixture
def polymers(workspace) -> tuple[np.ndarray, np.ndarray]:
    """Descriptors and glass transition temperatures (°C) of textbook polymers."""
    table = load_table(TEXTBOOK)
    column = [known.name for known in table.properties].index("Tg")
    known = np.isfinite(table.labels[:, column])
    descriptors = compute_features(table.canonical).descriptors
    return descriptors[known], table.labels[known, column]
