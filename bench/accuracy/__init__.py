"""Every system on the same folds, side by side: `python -m bench.accuracy`.

`keep` copies a finished run's out-of-fold predictions to `results/accuracy`, `one_fold` makes those
of a preset on one fold alone, and `plain_lightgbm`, `training_mean` and `chemprop` those of the
systems that are not ours.
"""
