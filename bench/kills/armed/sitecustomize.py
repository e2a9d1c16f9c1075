"""Python loads this at its start where this folder is on PYTHONPATH: a trial's processes."""

from bench.kills.steps import arm

arm()
