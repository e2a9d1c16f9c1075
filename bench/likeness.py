"""How like held-out repeat units are to those learnt from: `python -m bench.likeness`.

For both frozen sets of folds, the greatest Tanimoto similarity (Morgan, radius 2, 2048 bits) of
each row to any row of the other folds. Prints the table of `docs/accuracy.md`, writes
`results/likeness.json`.
"""

import json
from pathlib import Path

import numpy as np
from rdkit import DataStructs
from rdkit.Chem import rdFingerprintGenerator

from bench.out_of_fold import FOLDS, competition
from engine.chem.smiles import parse

RESULTS = Path("results/likeness.json")
_BOUNDS = (0.4, 0.6, 0.8)


def nearest(smiles: list[str], folds: np.ndarray) -> np.ndarray:
    """The greatest similarity of each of N rows to a row of another fold; shape `(N,)`, 0 to 1."""
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    prints = [generator.GetFingerprint(parse(text)) for text in smiles]
    found = np.empty(len(prints))
    for fold in np.unique(folds):
        others = [prints[row] for row in np.flatnonzero(folds != fold)]
        for row in np.flatnonzero(folds == fold):
            found[row] = max(DataStructs.BulkTanimotoSimilarity(prints[row], others))
    return found


def main() -> None:
    """Measure, write, print."""
    written = {"command": "python -m bench.likeness", "bounds": _BOUNDS, "shares": {}}
    heads = "| folds | below 0.4 | 0.4 to 0.6 | 0.6 to 0.8 | 0.8 and above |"
    print(heads, "|---|---|---|---|---|", sep="\n")
    for name in FOLDS:
        table, folds = competition(name)
        part = np.digitize(nearest(table.canonical, folds), _BOUNDS)
        shares = (np.bincount(part, minlength=len(_BOUNDS) + 1) / len(part)).tolist()
        written["shares"][name] = shares
        print(f"| `{name}` | {' | '.join(f'{share:.1%}' for share in shares)} |")
    RESULTS.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
