"""PolyGIN Studio from Python: trained models, and training in scikit-learn's words."""

from .model import Model, PredictionFrame, load, read_table
from .regressor import PolymerRegressor

__all__ = ["Model", "PolymerRegressor", "PredictionFrame", "load", "read_table"]
