"""The models that the service answers with: those that people see elsewhere, and no folder."""

from collections.abc import Hashable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from ..base.errors import UserError
from ..base.manifest import MANIFEST
from ..inference import bundle
from ..inference.bundle import DEFAULT_ID, SHIPPED_ID, BundleInfo, default_bundle, read_info
from ..inference.conformal import COVERAGES
from ..runs import list_models, origin_of_default, shown_name
from ..settings.sources import source_words
from .replies import UnknownError


class ServedModel(NamedTuple):
    """A model that answers.

    Attributes:
        id: by which it is asked for.
        name: by which people know it.
        folder: its bundle's.
        written: when its manifest was written, which tells it from one that replaced it.
    """

    id: str
    name: str
    folder: Path
    written: int

    @property
    def key(self) -> tuple[Hashable, ...]:
        """By which processes open it."""
        return str(self.folder), self.written

    @property
    def info(self) -> BundleInfo:
        """What its bundle says of itself.

        Raises:
            UserError: when that cannot be read.
        """
        return _info(str(self.folder), self.written)


def find_served(model: str) -> ServedModel:
    """The model of an id or a name.

    Args:
        model: `default`, `shipped`, or the id or name of a finished run or an imported model; never
            a path.

    Raises:
        UnknownError: when there is none.
    """
    if model == DEFAULT_ID:
        return _default()
    known = list_models()
    for each in known:
        if model == each.id:
            return _served(each.id, each.name, each.folder)
    for each in known:
        if model == each.name:
            return _served(each.id, each.name, each.folder)
    raise UnknownError(f"There is no model {model[:200]!r}; GET /models lists them.")


def _default() -> ServedModel:
    """The default model, by the id under which it is listed: that of the one it is a copy of."""
    folder = default_bundle()
    if folder == bundle.SHIPPED:  # without a look at all others
        return _served(SHIPPED_ID, shown_name(folder), folder)
    origin = origin_of_default(list_models())
    if origin is None:
        return _served(DEFAULT_ID, shown_name(folder), folder)
    return _served(origin.id, origin.name, folder)


def described_models() -> list[dict]:
    """All models that can answer, as the service tells of them."""
    known = list_models()
    default = origin_of_default(known)
    told = []
    for each in known:
        try:
            served = _served(each.id, each.name, each.folder)
            told.append(_described(served, each.kind, default is not None and each == default))
        except UserError:  # it cannot answer
            continue
    return told


def _described(model: ServedModel, kind: str, is_default: bool) -> dict:
    info = model.info
    return {
        "id": model.id,
        "name": model.name,
        "kind": kind,
        "is_default": is_default or model.id == DEFAULT_ID,
        "trained_on_rows": info.rows,
        "properties": [
            {
                "name": each.name,
                "title": each.title,
                "unit": each.unit,
                "like": source_words(info.sources, each),
                "labels": info.labels[each.name],
            }
            for each in info.answers
        ],
        "conditions": [
            {
                "name": each.name,
                "kind": each.kind,
                "unit": each.unit,
                "low": each.low,
                "high": each.high,
                "choices": [*each.choices],
            }
            for each in info.conditions
        ],
        "compositions": info.learned_compositions,
        "levels": [percent / 100 for percent in COVERAGES] if info.has_intervals else [],
    }


def _served(key: str, name: str, folder: Path) -> ServedModel:
    try:
        written = (folder / MANIFEST).stat().st_mtime_ns
    except OSError:
        raise UnknownError(f"The model {name!r} has no {MANIFEST}, and cannot answer.") from None
    return ServedModel(key, name, folder, written)


@lru_cache(maxsize=100)
def _info(folder: str, written: int) -> BundleInfo:
    return read_info(Path(folder))
