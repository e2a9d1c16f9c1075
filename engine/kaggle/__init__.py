"""The kit for Kaggle: a notebook and a dataset that run without network, and the notebook's steps.

`kit.py` makes it here, of `wheels.py` and `notebook.py`; `workspace_kits.py` keeps those that pages
make. `steps.py` is what runs there.
"""
