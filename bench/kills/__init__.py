"""Kills at random moments, and what they cost: `python -m bench.kills 300`."""
