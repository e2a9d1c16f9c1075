"""Probe repeat units: they show whether a bundle predicts here as it did where it was made.

Another RDKit, another library or another processor may compute other descriptors or other sums from
the same files; nobody would notice.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import sha256

import numpy as np
import pandas as pd

from ..base.errors import UserError
from ..base.hardware import cpu_model
from ..base.plain_files import read_file
from ..base.versions import other_versions, package_versions
from ..base.workspace import subfolder, write_atomic
from ..settings.properties import scaled_columns
from .bundle import BundleInfo

UNITS = (
    "*CC*",
    "*CC(*)c1ccccc1",
    "*CC(*)(C)C(=O)OC",
    "*CCOC(=O)c1ccc(C(=O)O*)cc1",
    "*c1ccc(Oc2ccc(N3C(=O)c4cc5c(cc4C3=O)C(=O)N(*)C5=O)cc2)cc1",
)
"""Common polymers of different kinds: none tells what a model was trained on."""

COPOLYMER = "*CC(*)(C)C(=O)OC|*CC(*)c1ccccc1|0.75|0.25|random"
"""One more for models that learned compositions."""

_MOST_BYTES = 2**20
_ROUNDING = 1e-4
"""Of a property's range in the training table: far below any error, far above rounding."""


def probe_units(compositions: bool) -> tuple[str, ...]:
    """What a bundle is to be probed by; a composition too, if it learned such."""
    return (*UNITS, COPOLYMER) if compositions else UNITS


def probes_of(units: Sequence[str], blend: pd.DataFrame) -> dict[str, dict[str, float]]:
    """What a bundle keeps, from the predictions of `probe_units`: one row each, in the units."""
    return dict(zip(units, blend.to_dict("records"), strict=True))


def deviation_words(info: BundleInfo, blend: pd.DataFrame) -> str:
    """A sentence when the probes' predictions differ from those in the bundle; else empty.

    Args:
        info: of the bundle, which has probes.
        blend: the predictions of its probes, in their order, in the properties' units.
    """
    probes = info.probes or {}
    expected = pd.DataFrame(list(probes.values()))[info.names].to_numpy()  # probes × K
    ends = np.array([info.ranges[name] for name in info.names]).T  # 2 × K
    known, here, there = (
        scaled_columns(info.properties, each)
        for each in (ends, blend[info.names].to_numpy(), expected)
    )
    spans = np.ptp(known, axis=0)
    shares = np.abs(here - there) / np.where(spans > 0, spans, 1.0)
    # A value that is missing on one side only is no rounding either.
    shares = np.where(np.isnan(shares), np.inf, shares)
    if shares.max() <= _ROUNDING:
        return ""
    row, column = np.unravel_index(shares.argmax(), shares.shape)
    property_ = info.properties[column]
    value, value_there = blend.iloc[row][property_.name], expected[row, column]
    return (
        f"The model {info.name!r} predicts differently on this machine than where it was made: "
        f"{property_.name} of {list(probes)[row]} is {property_.format(value)} instead of "
        f"{property_.format(value_there)}. {_versions_words(info)}"
    )


def once_here(digest: str, check: Callable[[], str]) -> str:
    """The answer of a bundle's check on this machine with these packages; checked at most once.

    Args:
        digest: of all files of the bundle.
        check: returns a sentence, or an empty text.
    """
    about = f"{digest} {sorted(package_versions().items())} {cpu_model()}"
    path = subfolder("cache", "bundle-checks") / f"{sha256(about.encode()).hexdigest()[:32]}.txt"
    try:
        return read_file(path, "", _MOST_BYTES).decode("utf-8")
    except (UserError, UnicodeDecodeError):
        answer = check()
    with suppress(OSError):  # a full disk: it is checked again next time
        write_atomic(path, answer)
    return answer


def _versions_words(info: BundleInfo) -> str:
    others = [
        f"{name} {here} here, {there} there" for name, there, here in other_versions(info.versions)
    ]
    if others:
        return f"It was made with other versions: {'; '.join(others)}."
    return "Its versions of all packages are the same: the processor may differ, or a file."
