"""PolyGIN Studio from Python: trained models, and training in scikit-learn's words."""

from ..chem.finding import find
from ..settings.sources import Source
from ..table import join_tables
from .model import Model, PredictionFrame, load, read_table
from .regressor import PolymerRegressor

__all__ = [
    "Model",
    "PolymerRegressor",
    "PredictionFrame",
    "Source",
    "find",
    "join_tables",
    "load",
    "read_table",
]
