"""Taking in a model from elsewhere, or one of a former version without a manifest."""

import os
from pathlib import Path

import numpy as np

from ..base.errors import UserError
from ..base.manifest import MANIFEST, ProvenFiles
from ..models.library_files import convert_library_files
from ..models.members import is_network
from ..models.store import network_files
from .bundle import BundleInfo, bundle_files, info_of, read_info, write_info
from .domain import Domain
from .predict import Predictor
from .probes import deviation_words, probe_units

_SAME = 1e-6


def adopt(folder: Path) -> str:
    """Prove all that a bundle holds, and complete it with a manifest.

    Its trees become plain arrays where they are in a library's own format, and all that it predicts
    for its probe repeat units must be what it predicted where it was made.

    Args:
        folder: the bundle's; it is changed only when all is well, but for the form of its trees.

    Returns:
        A sentence that says what was done.

    Raises:
        UserError: when a part is missing, damaged, or predicts other values than when it was made.
    """
    if os.path.lexists(folder / MANIFEST):
        files = bundle_files(folder)
        for name in files.names:
            files.read(name)
        return f"The model {read_info(folder).name!r} is complete: its manifest agrees."
    converted = convert_library_files(folder)
    info = _completed(info_of(ProvenFiles.unproven(folder)), folder)
    predictor = Predictor(folder, info)
    if not info.probes:
        raise UserError(
            f"The model {info.name!r} keeps no predictions that could show whether it is whole; "
            "train it anew."
        )
    if words := deviation_words(info, predictor.at_usual_conditions([*info.probes]).blend):
        raise UserError(words)
    _demand_domain(folder, info)
    write_info(folder, info)
    trees = f" {converted} files of trees became plain arrays." if converted else ""
    return f"The model {info.name!r} predicts what it should, and has a manifest now.{trees}"


def prove(folder: Path) -> str:
    """Prove a bundle from elsewhere by its manifest, and use all parts of it once.

    Args:
        folder: the bundle's.

    Returns:
        How its predictions here differ from those where it was made, see `Predictor.deviation`.

    Raises:
        UserError: when a part is missing, damaged or cannot be used, or a prediction is no number.
    """
    files = bundle_files(folder)
    for name in files.names:
        files.read(name)
    predictor = Predictor(folder)
    units = probe_units(predictor.info.learned_compositions)
    predicted = predictor.at_usual_conditions(units)
    if not np.isfinite(predicted.blend.to_numpy()).all():
        raise UserError(
            f"The model {predictor.info.name!r} predicts no numbers for common polymers: it is "
            "damaged, or was not made by PolyGIN Studio."
        )
    if predictor.has_intervals:
        predictor.uncertainty(predicted)
    return predictor.deviation()


def _completed(info: BundleInfo, folder: Path) -> BundleInfo:
    """The description, with the number of networks where it lacks that."""
    counts = {
        member: info.network_counts.get(member, len(network_files(folder, member)))
        for member in info.members
        if is_network(member)
    }
    return info.model_copy(update={"network_counts": counts})


def _demand_domain(folder: Path, info: BundleInfo) -> None:
    """Refuse a domain whose thresholds are not those of its fingerprints."""
    if info.domain is None:
        return
    domain = Domain.load(ProvenFiles.unproven(folder), info.domain, len(info.names))
    expected = [info.domain.thresholds.get(name, np.nan) for name in info.names]
    if not np.allclose(domain.thresholds(), expected, atol=_SAME, equal_nan=True):
        raise UserError(
            f"The applicability domain in {folder} is not the one that the model was made with; "
            "copy the folder again."
        )
