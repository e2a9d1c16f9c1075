"""Archives from strangers that say that they hold a model: each is refused with a sentence."""

import io
import json
import random
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.hostile.mutations import changed_bytes
from engine.base.errors import UserError
from engine.base.manifest import MANIFEST
from engine.inference import packing
from engine.inference.bundle import INFO, SHIPPED, read_info, write_info
from engine.inference.packing import pack, unpack
from engine.runs import import_model, list_imported

_WEIGHTS = "weights.safetensors"
Archive = zipfile.ZipFile


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a model whose manifest agrees; its weights are no weights."""
    folder = tmp_path_factory.mktemp("model")
    (folder / _WEIGHTS).write_bytes(bytes(range(256)) * 8)
    write_info(folder, read_info(SHIPPED))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _zipped(files: dict[str, bytes], more: Callable[[Archive], object] | None = None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        if more:
            more(archive)
    return out.getvalue()


def _refused(data: bytes, folder: Path) -> str:
    """The sentence with which an archive is refused."""
    with pytest.raises(UserError) as caught:
        unpack(io.BytesIO(data), "theirs.zip", folder / "unpacked")
    return str(caught.value)


def _entry(name: str, mode: int = 0) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = mode << 16
    return entry


def test_a_whole_archive_is_unpacked(content: dict[str, bytes], tmp_path: Path) -> None:
    files = unpack(io.BytesIO(_zipped(content)), "theirs.zip", tmp_path / "unpacked")
    assert {name: files.read(name) for name in files.names} == {
        name: data for name, data in content.items() if name != MANIFEST
    }


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../outside.json", "is not the name of a file alone"),
        ("/etc/outside.json", "is not the name of a file alone"),
        ("folder/inside.json", "is not the name of a file alone"),
        ("..\\outside.json", "is not the name of a file alone"),
        ("C:outside.json", "is not the name of a file alone"),
        ("folder/", "is not the name of a file alone"),
        (".hidden.json", "is not the name of a file alone"),
        ("a\nb.json", "is not the name of a file alone"),
        ("a" * 200 + ".json", "is not the name of a file alone"),
        ("", "is not the name of a file alone"),
        ("model.pkl", "is no file of a model"),
        ("model.pt", "is no file of a model"),
        ("lightgbm-000.txt", "is no file of a model"),
        ("script.py", "is no file of a model"),
        ("none", "is no file of a model"),
        (_WEIGHTS.upper(), "is no file of a model"),
        ("more.safetensors", "of which its manifest does not tell"),
    ],
)
def test_a_file_that_is_none_of_a_model(
    content: dict[str, bytes], tmp_path: Path, name: str, words: str
) -> None:
    data = _zipped(content, lambda archive: archive.writestr(zipfile.ZipInfo(name), b"1"))
    assert words in _refused(data, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} <= {"unpacked"}


def test_a_name_that_goes_on_after_a_zero_byte(content: dict[str, bytes], tmp_path: Path) -> None:
    data = _zipped({"weights.json0../outside": b"1", **content})
    data = data.replace(b"weights.json0../outside", b"weights.json\0../outside")
    assert "is not the name of a file alone" in _refused(data, tmp_path)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO, stat.S_IFCHR])
def test_an_entry_that_is_no_plain_file(
    content: dict[str, bytes], tmp_path: Path, kind: int
) -> None:
    others = {name: data for name, data in content.items() if name != _WEIGHTS}
    entry = _entry(_WEIGHTS, kind | 0o777)
    data = _zipped(others, lambda archive: archive.writestr(entry, b"/etc/passwd"))
    assert "is no plain file" in _refused(data, tmp_path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", [_WEIGHTS, INFO, MANIFEST, "Weights.safetensors"])
def test_a_name_that_is_there_twice(content: dict[str, bytes], tmp_path: Path, name: str) -> None:
    data = _zipped(content, lambda archive: archive.writestr(zipfile.ZipInfo(name), b"other"))
    assert "twice" in _refused(data, tmp_path)


def test_a_bomb_is_refused_by_what_it_says(content: dict[str, bytes], tmp_path: Path) -> None:
    def bomb(archive: Archive) -> None:
        archive.writestr("more.json", bytes(2**23), zipfile.ZIP_DEFLATED)

    assert "unpacks to far more" in _refused(_zipped(content, bomb), tmp_path)
    assert not (tmp_path / "unpacked").exists()


def test_a_bomb_that_says_less_is_cut_off(content: dict[str, bytes], tmp_path: Path) -> None:
    entry = zipfile.ZipInfo(_WEIGHTS)
    others = {name: data for name, data in content.items() if name != _WEIGHTS}
    data = _zipped(
        others, lambda archive: archive.writestr(entry, bytes(2**23), zipfile.ZIP_DEFLATED)
    )
    # Both headers of the entry tell how much it unpacks to.
    data = data.replace(struct.pack("<L", 2**23), struct.pack("<L", 1000))
    assert "damaged" in _refused(data, tmp_path)
    assert sum(path.stat().st_size for path in (tmp_path / "unpacked").iterdir()) < 2**17


def test_too_much_in_all(
    content: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = sum(map(len, content.values()))
    data = _zipped(content)
    # More than the files, less than the archive: it is looked into first.
    monkeypatch.setattr(packing, "MOST_UNPACKED", size - 1)
    assert "is larger than a model may be" in _refused(data, tmp_path)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, each in content.items():
            archive.writestr(name, each)
    assert "unpacks to" in _refused(packed.getvalue(), tmp_path)


def test_a_huge_number_of_entries_is_counted_before_any_is_listed(
    content: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = _zipped({**content, **{f"{number}.json": b"" for number in range(5001)}})
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert "holds more files than a model may have" in _refused(data, tmp_path)


@pytest.mark.parametrize("missing", [MANIFEST, INFO, _WEIGHTS])
def test_a_file_that_is_missing(content: dict[str, bytes], tmp_path: Path, missing: str) -> None:
    others = {name: data for name, data in content.items() if name != missing}
    words = _refused(_zipped(others), tmp_path)
    assert missing in words
    assert "has no" in words or "lacks" in words


@pytest.mark.parametrize(
    "manifest",
    [b"", b"{}", b"[]", b"\xff", b'{"format": 1, "files": {"../x": "00"}}', b"[" * 10_000],
)
def test_a_manifest_that_is_none(
    content: dict[str, bytes], tmp_path: Path, manifest: bytes
) -> None:
    assert "manifest" in _refused(_zipped({**content, MANIFEST: manifest}), tmp_path)


def test_what_is_no_archive(content: dict[str, bytes], tmp_path: Path) -> None:
    whole = _zipped(content)
    for data in (b"", b"PK", b"SMILES,Tg\n*CC*,1\n", whole[:-30], whole[: len(whole) // 2]):
        assert "no ZIP archive" in _refused(data, tmp_path)
    assert "has no manifest.json" in _refused(_zipped({}), tmp_path)


def test_ways_of_packing_that_are_not_read(content: dict[str, bytes], tmp_path: Path) -> None:
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", method) as archive:
            for name, data in content.items():
                archive.writestr(name, data)
        assert "is packed in a way that is not read" in _refused(packed.getvalue(), tmp_path)


def test_texts_that_are_too_long(content: dict[str, bytes], tmp_path: Path) -> None:
    data = _zipped({**content, "README.md": b"x" * 50_001})
    assert "is too long for a model's card" in _refused(data, tmp_path)
    data = _zipped({**content, "known_labels.csv": b"x" * (2**22 + 1)})
    assert "is too long for a table of known labels" in _refused(data, tmp_path)


def test_bytes_that_were_changed_at_random_are_refused_or_change_nothing(
    content: dict[str, bytes], tmp_path: Path
) -> None:
    whole = _zipped(content)
    for seed in range(200):
        data = changed_bytes(whole, random.Random(seed))
        folder = tmp_path / str(seed)
        try:
            files = unpack(io.BytesIO(data), "theirs.zip", folder)
            known = {name: files.read(name) for name in files.names}
        except UserError:
            continue
        assert known == {name: content[name] for name in known}
        assert INFO in known


def test_nothing_is_left_of_a_model_that_is_refused(workspace: Path, tmp_path: Path) -> None:
    pack(SHIPPED, tmp_path / "model.zip")
    with zipfile.ZipFile(tmp_path / "model.zip") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    name = next(name for name in files if name.startswith("polygin"))
    changed = bytearray(files[name])
    changed[len(changed) // 2] ^= 1
    described = {**json.loads(files[INFO]), "rows": -1}
    for hostile, words in (
        ({**files, name: bytes(changed)}, f"{name} was changed or damaged"),
        ({**files, INFO: json.dumps(described).encode()}, "bundle.json was changed or damaged"),
    ):
        with pytest.raises(UserError, match=words) as caught:
            import_model(io.BytesIO(_zipped(hostile)), "theirs.zip")
        assert str(workspace) not in str(caught.value)
        assert list_imported() == []
        assert list((workspace / "models" / "imported").iterdir()) == []
