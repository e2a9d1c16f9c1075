"""Trees in the libraries' own files, as former versions kept them, and how they break."""

import gzip
import random
import re
from pathlib import Path

import numpy as np

from bench.hostile.mutations import changed_bytes

_NUMBERS = re.compile(
    rb"(left_child|right_child|split_feature|num_leaves|leaf_value|threshold)=(.*)"
)


def library_files(folder: Path) -> None:
    """Write a small model of each library, packed or plain."""
    import catboost
    import lightgbm
    import xgboost

    numbers = np.random.default_rng(0)
    rows = numbers.normal(size=(200, 30)).astype(np.float32)
    labels = rows[:, 0] * rows[:, 1] + rows[:, 5]
    settings = {"verbose": -1, "num_threads": 1, "num_leaves": 8}
    grown = lightgbm.train(settings, lightgbm.Dataset(rows, labels), num_boost_round=20)
    _write(folder / "lightgbm-000.txt.gz", grown.model_to_string().encode())
    matrix = xgboost.DMatrix(rows, labels)
    boosted = xgboost.train({"max_depth": 4, "nthread": 1}, matrix, num_boost_round=20)
    _write(folder / "xgboost-000.ubj.gz", bytes(boosted.save_raw("ubj")))
    symmetric = catboost.CatBoostRegressor(
        iterations=20, depth=4, verbose=False, allow_writing_files=False, thread_count=1
    )
    symmetric.fit(rows, labels).save_model(str(folder / "catboost-000.cbm"))


def changed_library_file(folder: Path, seeded: random.Random) -> None:
    """One of the files is changed, the others are removed: each takes a second to be read."""
    path = seeded.choice(sorted(folder.iterdir()))
    for other in folder.iterdir():
        if other != path:
            other.unlink()
    packed = path.suffix == ".gz"
    content = gzip.decompress(path.read_bytes()) if packed else path.read_bytes()
    if path.name.startswith("lightgbm") and seeded.random() < 0.6:
        content = _changed_text(content, seeded)
    elif path.name.startswith("xgboost") and seeded.random() < 0.2:
        # Arrays within arrays, as deep as a parser's stack.
        content = b"[" * seeded.choice([10_000, 1_000_000])
    else:
        content = changed_bytes(content, seeded)
    _write(path, content)


def _changed_text(content: bytes, seeded: random.Random) -> bytes:
    """LightGBM's text with another number in a tree: a reference without end, or out of range."""
    match = seeded.choice(list(_NUMBERS.finditer(content)))
    numbers = match[2].split()
    odd = [b"0", b"-1", b"1", b"-999", b"1000000000", b"-2147483648", b"nan", b"1e400", b""]
    numbers[seeded.randrange(len(numbers))] = seeded.choice(odd)
    return content[: match.start(2)] + b" ".join(numbers) + content[match.end(2) :]


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(gzip.compress(content, 1) if path.suffix == ".gz" else content)
