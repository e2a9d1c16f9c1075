"""Damaged and hostile models: files changed by accident, and by somebody who writes manifests."""

import gzip
import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors.numpy import load, save

from bench.hostile.kind import SilentChangeError
from bench.hostile.library_trees import changed_library_file, library_files
from bench.hostile.mutations import changed_bytes, odd_number
from engine.base.errors import UserError
from engine.base.manifest import MANIFEST, write_manifest
from engine.base.workspace import ASSETS
from engine.inference.adoption import adopt
from engine.inference.bundle import INFO
from engine.inference.predict import Predictor
from engine.models.library_files import convert_library_files
from engine.runs.known_labels import read_all_labels
from engine.runs.making import BundleRequest, make_bundle
from engine.settings.presets import PRESETS
from engine.table import load_table
from engine.training.context import TrainContext

UNITS = ["*CC*", "*CC(*)c1ccccc1", "*OC(=O)c1ccc(C(=O)OCC*)cc1", "*[Si](C)(C)O*"]
_ROWS = 60
_BOMB = 2**30
_TREES = ("lightgbm", "xgboost", "catboost")


class Bundles:
    """Models of which a file, an array, a field or the manifest was changed."""

    name = "bundles"

    def prepare(self, folder: Path) -> None:
        """Train a small model of every kind of member, and keep what it predicts."""
        os.environ["POLYGIN_HOME"] = str(folder / "home")
        self._whole, self._library = folder / "whole", folder / "library"
        lines = (ASSETS / "textbook.csv").read_bytes().splitlines()[: _ROWS + 1]
        table = load_table(b"\n".join(lines), "textbook.csv")
        request = BundleRequest.of(table, "whole", PRESETS["smoke"], "random:2")
        make_bundle(request, TrainContext(self._whole))
        self._library.mkdir()
        library_files(self._library)
        self._expected = _predicted(Predictor(self._whole))

    def make(self, random: random.Random) -> bytes:
        """The name of a change, and the seed of its details."""
        weights = [change.weight for change in CHANGES.values()]
        change = random.choices([*CHANGES], weights)[0]
        return json.dumps({"change": change, "seed": random.randrange(2**32)}).encode()

    def attempt(self, content: bytes, folder: Path) -> str:
        """Change a copy, then adopt or open it, and predict."""
        said = json.loads(content)
        change = CHANGES[said["change"]]
        bundle, seeded = folder / "bundle", random.Random(said["seed"])
        if change.make is changed_library_file:
            shutil.copytree(self._library, bundle)
            change.make(bundle, seeded)
            convert_library_files(bundle)
            return "trees read"
        shutil.copytree(self._whole, bundle)
        change.make(bundle, seeded)
        adopted = seeded.random() < 0.3 and change.sealed_anew
        if adopted:
            (bundle / MANIFEST).unlink(missing_ok=True)
            adopt(bundle)
        elif change.sealed_anew:
            write_manifest(bundle, {})
        return self._judged(bundle, sealed_anew=change.sealed_anew)

    def _judged(self, bundle: Path, sealed_anew: bool) -> str:
        """What a page does with a model; a change that nothing tells is a failure."""
        predictor = Predictor(bundle)
        read_all_labels(bundle, predictor.info)
        words = predictor.deviation()
        predicted = _predicted(predictor)
        # A model may have no interval of a property; a value it has to have.
        if not np.isfinite(predicted[: len(UNITS)]).all():
            raise UserError("A prediction is no number.") if words else SilentChangeError("NaN")
        if np.array_equal(predicted, self._expected, equal_nan=True):
            return "predicts the same"
        if words:
            return "says that it differs"
        if not sealed_anew:
            raise SilentChangeError("It predicts other values, and its manifest agrees.")
        # Whoever writes a manifest makes another model: nothing can tell but its probes.
        return "another model"


def _predicted(predictor: Predictor) -> np.ndarray:
    predicted = predictor.predict(UNITS)
    found = predictor.uncertainty(predicted)
    return np.concatenate([predicted.blend.to_numpy(), found.low.to_numpy(), found.high.to_numpy()])


def _file(folder: Path, seeded: random.Random) -> Path:
    return seeded.choice(sorted(folder.iterdir()))


def _change_bytes(folder: Path, seeded: random.Random) -> None:
    path = _file(folder, seeded)
    path.write_bytes(changed_bytes(path.read_bytes(), seeded))


def _replace(folder: Path, seeded: random.Random) -> None:
    """A file is gone, empty, a link, a pipe, a device, a folder, or another one."""
    path = _file(folder, seeded)
    other = _file(folder, seeded)
    content = other.read_bytes()
    path.unlink()
    outside = folder.parent / "outside"
    outside.write_bytes(content)
    seeded.choice(
        [
            lambda: None,
            lambda: path.write_bytes(b""),
            lambda: path.symlink_to(outside),
            lambda: path.symlink_to("/dev/zero"),
            lambda: os.mkfifo(path),
            lambda: os.mknod(path, 0o20666, os.makedev(1, 5)),
            path.mkdir,
            lambda: path.write_bytes(content),
            lambda: path.write_bytes(bytes(2**27)),
        ]
    )()


def _swap(folder: Path, seeded: random.Random) -> None:
    """Two files of one kind change places."""
    first = _file(folder, seeded)
    alike = [path for path in folder.iterdir() if path.suffixes == first.suffixes]
    second = seeded.choice(sorted(alike))
    one, two = first.read_bytes(), second.read_bytes()
    first.write_bytes(two)
    second.write_bytes(one)


def _change_array(folder: Path, seeded: random.Random) -> None:
    """An array of a member, or of the domain, has other numbers, another type or another shape."""
    _change_array_of(sorted(folder.glob("*.safetensors*")), seeded)


def _change_tree(folder: Path, seeded: random.Random) -> None:
    """The same of trees alone."""
    paths = [path for name in _TREES for path in folder.glob(f"{name}-*.safetensors.gz")]
    _change_array_of(sorted(paths), seeded)


def _change_array_of(paths: list[Path], seeded: random.Random) -> None:
    path = seeded.choice(paths)
    packed = path.suffix == ".gz"
    content = path.read_bytes()
    arrays = dict(load(gzip.decompress(content) if packed else content))
    name = seeded.choice(sorted(arrays))
    arrays[name] = changed_array(arrays[name], seeded)
    if seeded.random() < 0.1:
        arrays[seeded.choice([name, "more"])] = arrays.pop(name)
    fresh = save({key: np.ascontiguousarray(each) for key, each in arrays.items()})
    path.write_bytes(gzip.compress(fresh, 1) if packed else fresh)


def changed_array(array: np.ndarray, seeded: random.Random) -> np.ndarray:
    """An array that differs in some numbers, in its type, or in its shape."""
    array, numbers = array.copy(), np.random.default_rng(seeded.randrange(2**32))
    kind = seeded.randrange(8)
    if kind == 0 or not array.size or not array.ndim:
        return array.astype(seeded.choice(["f2", "f4", "f8", "i4", "i8", "u1"]))
    if kind == 1:
        return array[: seeded.randrange(len(array))] if array.ndim else array
    if kind == 2:
        return np.concatenate([array, array]) if array.ndim else array
    if kind == 3:
        return array.reshape(-1, 1)
    if kind == 4:
        return numbers.permutation(array)
    places = numbers.integers(0, array.size, seeded.choice([1, 1, 3, array.size]))
    with np.errstate(all="ignore"):
        array.flat[places] = np.array(odd_number(seeded)).astype(array.dtype)
    return array


def _bomb(folder: Path, seeded: random.Random) -> None:
    """A file that unpacks to very much, or tells of very large arrays."""
    path = seeded.choice(sorted(folder.glob("*.gz")))
    if seeded.random() < 0.5:
        with gzip.open(path, "wb", 1) as file:
            for _ in range(seeded.choice([2**4, 2**6])):
                file.write(bytes(_BOMB // 2**6))
        return
    shape = [seeded.choice([2**31, 2**40, 2**63 - 1])]
    header = json.dumps({"leaf": {"dtype": "F64", "shape": shape, "data_offsets": [0, 8]}})
    content = len(header).to_bytes(8, "little") + header.encode() + bytes(8)
    path.write_bytes(gzip.compress(content))


def _many_trees(folder: Path, seeded: random.Random) -> None:
    """Every file of trees holds sound ones, but very many, or very large ones."""
    count, splits = seeded.choice([(10**5, 0), (10**6, 0), (10**7, 0), (10**5, 9), (1, 10**6)])
    # Below split i lie places 2i + 1 and 2i + 2: first all splits, then the leaves.
    places = 1 + np.arange(2 * splits).reshape(splits, 2)
    children = np.where(places < splits, places, splits - 1 - places)
    numbers = np.random.default_rng(seeded.randrange(2**32))
    arrays = {
        "split": numbers.integers(0, 20, count * splits).astype(np.int32),
        "threshold": numbers.random(count * splits, dtype=np.float32),
        "missing_left": np.zeros(count * splits, dtype=np.uint8),
        "children": np.tile(children.astype(np.int32), (count, 1)),
        "leaf": np.zeros(count * (splits + 1)),
        "splits": np.full(count, splits, dtype=np.int32),
    }
    content = gzip.compress(save(arrays), 1)
    for path in folder.glob("*.gz"):
        if path.name.startswith(_TREES):
            path.write_bytes(content)


def _change_field(folder: Path, seeded: random.Random) -> None:
    """A field of the description, anywhere in it, is another one."""
    path = folder / INFO
    path.write_text(json.dumps(changed_json(json.loads(path.read_text()), seeded)))


def changed_json(said: Any, seeded: random.Random) -> Any:
    """Plain data of which one value, however deep, is another one, gone, or there once more."""
    if isinstance(said, dict) and said and seeded.random() < 0.9:
        key = seeded.choice(sorted(said))
        kind = seeded.random()
        if kind < 0.05:
            return {name: each for name, each in said.items() if name != key}
        if kind < 0.1:
            return {**said, seeded.choice(["../x", "", "__class__", key.upper()]): said[key]}
        return {**said, key: changed_json(said[key], seeded)}
    if isinstance(said, list) and said and seeded.random() < 0.9:
        place, kind = seeded.randrange(len(said)), seeded.random()
        if kind < 0.15:
            return said[:place] + said[place + 1 :]
        if kind < 0.3:
            return seeded.sample(said, len(said))
        if kind < 0.35:
            return said * seeded.choice([2, 2000 // len(said) + 1])
        return [*said[:place], changed_json(said[place], seeded), *said[place + 1 :]]
    return seeded.choice(
        [odd_number(seeded), -1, None, "", "x" * 10_000, [], {}, True, "../../etc", "\0", said]
    )


def _change_manifest(folder: Path, seeded: random.Random) -> None:
    path = folder / MANIFEST
    if seeded.random() < 0.5:
        path.write_bytes(changed_bytes(path.read_bytes(), seeded))
    else:
        path.write_text(json.dumps(changed_json(json.loads(path.read_text()), seeded)))


class Change(NamedTuple):
    """Something that is done to a model.

    Attributes:
        make: does it to a folder.
        weight: how often in proportion.
        sealed_anew: whether a manifest is written, or the model adopted, afterwards.
    """

    make: Callable[[Path, random.Random], None]
    weight: int
    sealed_anew: bool = False


CHANGES = {
    "bytes": Change(_change_bytes, 15),
    "file": Change(_replace, 10),
    "swapped files": Change(_swap, 5),
    "manifest": Change(_change_manifest, 10),
    "array": Change(_change_array, 30, sealed_anew=True),
    "tree array": Change(_change_tree, 80, sealed_anew=True),
    "field": Change(_change_field, 30, sealed_anew=True),
    "bytes, manifest anew": Change(_change_bytes, 10, sealed_anew=True),
    "swapped files, manifest anew": Change(_swap, 5, sealed_anew=True),
    "bomb": Change(_bomb, 3, sealed_anew=True),
    "many trees": Change(_many_trees, 5, sealed_anew=True),
    "library file": Change(changed_library_file, 20),
}
