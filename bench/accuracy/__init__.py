"""Every system on the same folds, side by side: `python -m bench.accuracy`.

`keep` puts a finished run's out-of-fold predictions into `results/accuracy`; `plain_lightgbm`,
`training_mean` and `chemprop` make those of the systems that are not ours.
"""
