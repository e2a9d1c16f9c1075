"""The card of a model that is given away, in the form that Hugging Face's hub reads.

https://huggingface.co/docs/hub/model-cards: a README.md that begins with fields in YAML. What
stands in it is what the bundle says of itself; terms of the labels are for its owner to say.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from ..base.manifest import CARD, MOST_CARD_BYTES
from ..base.plain_files import read_file
from ..base.wording import clipped, counted, listed
from ..base.workspace import write_atomic
from ..models.members import title_of
from ..settings.presets import preset_title
from ..settings.properties import Property
from .bundle import BundleInfo, bundle_files, info_of
from .composition_words import learned_words
from .conformal import LEVEL

_MARK = "---\n"
_TAGS = ["polymers", "chemistry", "smiles", "graph-neural-network", "gaussian-process", "conformal"]
_METRICS = {"mae": "mae", "rmse": "rmse", "r2": "r_squared"}
"""By their names in a bundle, those that the hub knows."""

_MOST_TOLD = 30
"""Properties that a card tells of; `bundle.json` has all."""

_LONGEST = 100
_PS, _PMMA = "*CC(*)c1ccccc1", "*CC(*)(C)C(=O)OC"
_PLAIN = re.compile(r"([\\`*_{}\[\]<>()#+!|~$])")


def write_card(folder: Path) -> None:
    """Write the card of a model into its folder, or put its fields before the one that is there.

    Args:
        folder: of a complete bundle; what its manifest proves stays as it is.

    Raises:
        UserError: when it holds no bundle, or its card is too large.
    """
    info = info_of(bundle_files(folder))
    words = ""
    if (folder / CARD).is_file():
        own = read_file(folder / CARD, "Remove it.", MOST_CARD_BYTES).decode("utf-8", "replace")
        if own.startswith(_MARK):
            return
        words = own
    words = words or _words(info)
    # A text of its owner's may fill the card alone: then it is worth more than the fields.
    for card in (f"{_MARK}{_fields(info)}{_MARK}\n{words}", words):
        if len(card.encode()) <= MOST_CARD_BYTES:
            write_atomic(folder / CARD, card)
            return


def _fields(info: BundleInfo) -> str:
    """The fields in YAML."""
    names = [source.name for source in info.sources] or [info.table]
    fields = {
        "license": "unknown",
        "library_name": "polygin-studio",
        "pipeline_tag": "tabular-regression",
        "tags": _TAGS,
        "metrics": [*_METRICS.values()],
        "datasets": [_slug(name) for name in names],
        "model-index": [{"name": _slug(info.name), "results": [*_results(info)]}],
    }
    return yaml.safe_dump(fields, allow_unicode=True, sort_keys=False, width=1000)


def _results(info: BundleInfo) -> Iterator[dict[str, Any]]:
    """What the hub shows of each property: its errors, out of fold."""
    blend = info.figures["blend"]
    for each in info.answers[:_MOST_TOLD]:
        values = {kind: blend[kind].get(each.name) for kind in _METRICS}
        metrics = [
            {"type": _METRICS[kind], "value": float(f"{value:.4g}"), "name": f"{kind}, out of fold"}
            for kind, value in values.items()
            if value is not None
        ]
        if metrics:
            where = each.source or info.table
            yield {
                "task": {"type": "tabular-regression", "name": clipped(each.label, _LONGEST)},
                "dataset": {"type": _slug(where), "name": clipped(where, _LONGEST)},
                "metrics": metrics,
            }


def _words(info: BundleInfo) -> str:
    """The card's text, for a model that nobody has described."""
    members = listed([title_of(member) for member in info.members], most=99)
    sources = "".join(
        f"- {_said(each.words)}: {_said('. '.join(filter(None, (each.reference, each.terms))))}\n"
        for each in info.sources
    )
    of_copolymers = learned_words(info)
    unlike = "blends" if of_copolymers else "copolymers and blends"
    use = f"{_PS}|{_PMMA}|0.25|0.75" if of_copolymers else _PS
    return f"""# {_said(info.name)}

**What it is.** An ensemble ({members}) that predicts properties of a polymer from its repeat unit,
made with PolyGIN Studio. It learned {counted(info.rows, "row")} of {_said(info.table)} (preset
{_said(preset_title(info.preset))}, folds {_said(info.folds)}, seed {info.seed}), and was finished
on {_said(info.created[:10])}.{f" {of_copolymers}" if of_copolymers else ""}

**How far it is off.** Each row was predicted by models that had not seen its fold:

{_table(info)}

**Intervals** of 90 % hold for polymers like those of the table. A unit outside the applicability
domain is told as such, with why; there the errors are larger.

**Use.**
```python
from polygin import load  # in the project's folder: from engine import load

model = load("FOLDER")  # of this card
model.predict_interval(["{use}"])
```

**Labels.** Whoever gives this model away says here under which terms its labels are, and puts the
licence that follows from them in place of `unknown` above.
{sources}
**Citing.** Cite where the labels are from, and PolyGIN Studio with its version (`CITATION.cff`).

**What it tells of the table.** No structure and no label, unless `known_labels.csv` lies beside it.
`domain.safetensors` has hashed fingerprints of the training units and which properties each has a
label of; `bundle.json` has ranges, medians, and the elements, bonds and rings that occur.

**Not meant for** polymers of another kind than those of the table, {unlike}, or any
use where a wrong value does harm.
"""


def _table(info: BundleInfo) -> str:
    """A row for each property that is answered."""
    lines = [
        f"| property | labels | range | MAE | R² | in {LEVEL:.0%} intervals |",
        "|---" * 6 + "|",
    ]
    blend = info.figures["blend"]
    for each in info.answers[:_MOST_TOLD]:
        low, high = info.ranges[each.name]
        interval = (info.intervals or {}).get(each.name)
        coverage = interval.coverage if interval else None
        cells = [
            _said(clipped(each.label, _LONGEST)),
            f"{info.labels[each.name]:,}",
            f"{each.number(low)} to {each.number(high)}",
            _number(each, blend["mae"].get(each.name)),
            "" if (r2 := blend["r2"].get(each.name)) is None else f"{r2:.3f}",
            "" if coverage is None else f"{coverage:.0%}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    if (more := len(info.answers) - _MOST_TOLD) > 0:
        lines += ["", f"{counted(more, 'more property', 'more properties')}: see `bundle.json`."]
    return "\n".join(lines)


def _number(property_: Property, error: float | None) -> str:
    return "" if error is None else f"{error:.4g} {_said(property_.errors.unit)}".strip()


def _said(text: str) -> str:
    """A text from outside on one line, with nothing that Markdown reads as its own."""
    return _PLAIN.sub(r"\\\1", clipped(" ".join(text.split()), 400))


def _slug(text: str) -> str:
    """A name as the hub writes them: letters and digits, and one sign between them."""
    words = re.sub(r"[^A-Za-z0-9._-]+", "-", text)
    return re.sub(r"([._-])[._-]+", r"\1", words)[:96].strip("-._") or "table"
