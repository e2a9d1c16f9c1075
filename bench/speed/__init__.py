"""What `python -m engine bench` measures: this engine and the plain ways beside it, as ratios."""
