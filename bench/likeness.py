"""How similar held-out repeat units are to those trained on: `python -m bench.likeness`.

For both frozen sets of folds, the greatest Tanimoto similarity (Morgan, radius 2, 2048 bits) of
each row to any row of the other folds. Prints the table of `docs/accuracy.md` and writes
`results/likeness.json`.
"""

from pathlib import Path

import numpy as np
from rdkit import DataStructs
from rdkit.Chem import rdFingerprintGenerator

from bench.out_of_fold import FOLDS, load_competition
from bench.reporting import markdown_table, write_json
from engine.chem.smiles import parse

RESULTS = Path("results/likeness.json")
_BOUNDS = (0.4, 0.6, 0.8)


def greatest_similarities(smiles: list[str], folds: np.ndarray) -> np.ndarray:
    """The greatest similarity of each of N rows to a row of another fold; shape `(N,)`, 0 to 1."""
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    fingerprints = [generator.GetFingerprint(parse(text)) for text in smiles]
    greatest = np.empty(len(fingerprints))
    for fold in np.unique(folds):
        others = [fingerprints[row] for row in np.flatnonzero(folds != fold)]
        for row in np.flatnonzero(folds == fold):
            similarities = DataStructs.BulkTanimotoSimilarity(fingerprints[row], others)
            greatest[row] = max(similarities)
    return greatest


def main() -> None:
    """Measure, write, print."""
    shares = {}
    for name in FOLDS:
        table, folds = load_competition(name)
        bins = np.digitize(greatest_similarities(table.canonical, folds), _BOUNDS)
        shares[name] = (np.bincount(bins, minlength=len(_BOUNDS) + 1) / len(bins)).tolist()
    write_json(
        RESULTS, {"command": "python -m bench.likeness", "bounds": _BOUNDS, "shares": shares}
    )
    heads = ["folds", "below 0.4", "0.4 to 0.6", "0.6 to 0.8", "0.8 and above"]
    rows = [[f"`{name}`", *(f"{share:.1%}" for share in part)] for name, part in shares.items()]
    print(markdown_table(heads, rows))


if __name__ == "__main__":
    main()
