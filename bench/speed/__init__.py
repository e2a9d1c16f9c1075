"""What `python -m engine bench` measures: this engine beside plain PyG and RDKit, as ratios."""
