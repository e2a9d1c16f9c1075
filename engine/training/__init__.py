"""Fitting members over folds from arrays alone; imports no RDKit."""
