"""Damage to a workspace: drawn at random, described in JSON, and done to the files."""

import json
import os
import random
import shutil
import socket
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

_BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join(f'*{before}' for _ in range(9))}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
TEXTS = {
    "nothing": "",
    "null": "null",
    "list": "[]",
    "number": "7",
    "text": '"text"',
    "open": '{"run": {',
    "nan": '{"run": NaN, "changes": NaN, "stages": NaN, "overall": NaN}',
    "deep lists": "[" * 100_000,
    "deep objects": '{"run":' * 50_000,
    "long number": '{"overall": ' + "9" * 10_000 + "}",
    "long text": '{"name": "' + "x" * 2**21 + '"}',
    "bomb": _BOMB,
    "deep YAML": "".join(f"{' ' * depth}a:\n" for depth in range(300)),
    "python object": "!!python/object/apply:os.system ['touch pwned']\n",
    "merge of itself": "a: &a {b: *a}\n",
    "date": "runs_at_once: 9999-99-99\n",
    "binary": "\0\1\2\ud800\ufeff",
    "many lines": '{"fold": 0}\n' * 50_000,
    "odd rows": '{"fold": "x", "seed": [], "epoch": {}, "time": null, "val_mae": 3}\n[7]\n7\n',
    "endless rows": '{"time": 1e999, "fold": 1e308, "seed": -1, "epoch": NaN, "val_mae": {}}\n',
}
"""What may stand in a file instead of what should, by name; lone surrogates are single bytes."""

_NO_FIGURES: tuple[dict, ...] = (
    {"blend": {}},
    {"blend": {"mae": {"Tg": "x"}}, "members": {}},
    {"blend": None, "members": []},
)
VALUES = (
    *(None, True, -1, 0, 10**400, 1e308, "NaN", [], {}, "", "x" * 10_000, [[[]]], {"a": {"b": 1}}),
    *("../../victim", "..", "/etc/passwd", "a/b", "a\0b", "*md* <b>x</b>", "\u202e"),
    *("done", "queued", ["random:2"], "random:0", "random:999999999", "file:/etc/passwd"),
    *("column:x", -(10**30), *_NO_FIGURES),
)
"""What may stand in a field of a record or of settings."""

ROW_FIELDS = ("id", "name", "state", "figures", "created", "started", "pid", "progress", "note")
_ROWS = ("../../victim", "/", "ok", "first", "")
_SCHEMAS = ("older", "newer", "a view", "no key", "no changes", "other types", "a trigger")
_SENSELESS = (
    *(OSError, ValueError, sqlite3.Error, KeyError, TypeError, AttributeError, OverflowError),
    IndexError,
)
_PLAIN = (
    *("remove", "empty", "cut", "garbage", "flip", "swap", "copy", "folder", "pipe", "socket"),
    *("link out", "dangling link", "link to itself", "text", "fields", "append"),
)
_FOLDERS = ("remove", "link out", "dangling link", "empty", "pipe")


def drawn(chance: random.Random, files: list[str], folders: list[str]) -> list[dict]:
    """Some damage, one to three pieces.

    Args:
        chance: what determines it.
        files, folders: of the workspace, relative to it.
    """
    return [_piece(chance, files, folders) for _ in range(chance.choice((1, 1, 2, 3)))]


def _piece(chance: random.Random, files: list[str], folders: list[str]) -> dict:
    kind = chance.random()
    if kind < 0.08:
        return {"do": "schema", "how": chance.choice(_SCHEMAS)}
    if kind < 0.16:
        row = {"id": chance.choice(_ROWS), chance.choice(ROW_FIELDS): chance.choice(VALUES)}
        return {"do": "row", "row": row}
    if kind < 0.26:
        return {"do": chance.choice(_FOLDERS), "at": chance.choice(folders)}
    piece = {"do": chance.choice(_PLAIN), "at": chance.choice(files)}
    match piece["do"]:
        case "cut":
            piece["share"] = chance.random()
        case "garbage" | "flip" | "append":
            piece["seed"] = chance.randrange(2**32)
        case "swap" | "copy":
            piece["with"] = chance.choice(files)
        case "text":
            piece["text"] = chance.choice([*TEXTS])
        case "fields":
            piece["at"] = chance.choice(
                [name for name in files if name.endswith((".json", ".yaml"))]
            )
            piece["seed"] = chance.randrange(2**32)
    return piece


def places(piece: dict) -> list[str]:
    """The files that a piece of damage is about; for the run table, its own name."""
    return [piece[key] for key in ("at", "with") if key in piece] or ["polygin.db"]


def do(piece: dict, home: Path, outside: Path) -> None:
    """Do a piece of damage; what makes no sense is passed over.

    Args:
        piece: see `drawn`.
        home: the workspace.
        outside: a folder that nobody may touch.
    """
    with suppress(*_SENSELESS):
        if piece["do"] == "schema":
            _change_schema(home / "polygin.db", piece["how"])
        elif piece["do"] == "row":
            _add_row(home / "polygin.db", piece["row"])
        else:
            _change_file(piece, home / piece["at"], home, outside)


def _change_file(piece: dict, path: Path, home: Path, outside: Path) -> None:
    if home.resolve() not in path.resolve().parents:
        return
    content = path.read_bytes() if path.is_file() else b""
    match piece["do"]:
        case "empty" | "folder" | "remove" | "pipe" | "socket":
            _put_in_place(path, piece["do"])
        case "link out":
            _remove(path)
            path.symlink_to(outside / ("folder" if not content else "file.txt"))
        case "dangling link":
            _remove(path)
            path.symlink_to(outside / "new")
        case "link to itself":
            _remove(path)
            path.symlink_to(path.name)
        case "cut":
            path.write_bytes(content[: int(len(content) * piece["share"])])
        case "garbage":
            path.write_bytes(random.Random(piece["seed"]).randbytes(max(len(content), 100)))
        case "append":
            path.write_bytes(content + random.Random(piece["seed"]).randbytes(1000))
        case "flip":
            path.write_bytes(_flipped(content, random.Random(piece["seed"])))
        case "swap" | "copy":
            other = home / piece["with"]
            theirs = other.read_bytes()
            path.write_bytes(theirs)
            if piece["do"] == "swap":
                other.write_bytes(content)
        case "text":
            path.write_text(TEXTS[piece["text"]], encoding="utf-8", errors="surrogatepass")
        case "fields":
            _change_fields(path, content, random.Random(piece["seed"]))


def _put_in_place(path: Path, what: str) -> None:
    folder = path.is_dir()
    _remove(path)
    if what == "folder" or (what == "empty" and folder):
        path.mkdir()
    elif what == "empty":
        path.touch()
    elif what == "pipe":
        os.mkfifo(path)
    elif what == "socket":
        # A socket's path may not be long.
        with closing(socket.socket(socket.AF_UNIX)) as made:
            made.bind(os.path.relpath(path))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _flipped(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        if changed:
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _change_fields(path: Path, content: bytes, chance: random.Random) -> None:
    """Put something odd into one or two fields, however deep they lie."""
    if path.suffix == ".yaml":
        import yaml

        said = yaml.safe_load(content)
    else:
        said = json.loads(content)
    for _ in range(chance.randint(1, 2)):
        inner = said
        while True:
            if isinstance(inner, list):
                keys: list = list(range(len(inner)))
            else:
                keys = sorted(inner)
            key = chance.choice(keys)
            if not isinstance(inner[key], (dict, list)) or not inner[key] or chance.random() < 0.3:
                break
            inner = inner[key]
        if chance.random() < 0.2 and isinstance(inner, dict):
            del inner[key]
        else:
            inner[key] = chance.choice(VALUES)
    # YAML reads JSON too.
    path.write_text(json.dumps(said))


def _change_schema(path: Path, how: str) -> None:
    statements = {
        "older": "ALTER TABLE runs DROP COLUMN archived; ALTER TABLE runs DROP COLUMN note",
        "newer": "ALTER TABLE runs ADD COLUMN colour DEFAULT 7; PRAGMA user_version = 99",
        "a view": "DROP TABLE runs; CREATE VIEW runs AS SELECT 1 AS id",
        "no key": "CREATE TABLE other AS SELECT * FROM runs; DROP TABLE runs; "
        "ALTER TABLE other RENAME TO runs; INSERT INTO runs SELECT * FROM runs",
        "no changes": "DROP TABLE changes; CREATE TABLE changes (what)",
        "other types": "UPDATE runs SET created = 'x', name = X'00ff', state = 7, figures = '{'",
        "a trigger": "CREATE TRIGGER t AFTER UPDATE ON runs BEGIN SELECT RAISE(ABORT, 'no'); END",
    }
    with closing(sqlite3.connect(path)) as database:
        database.executescript(statements[how])
        database.commit()


def _add_row(path: Path, row: dict) -> None:
    values = {"id": "ok", "name": "evil", "state": "done", "created": 1.0} | {
        name: value if isinstance(value, (str, int, float, type(None))) else json.dumps(value)
        for name, value in row.items()
    }
    with closing(sqlite3.connect(path)) as database:
        marks = ", ".join("?" * len(values))
        database.execute(
            f"INSERT OR REPLACE INTO runs ({', '.join(values)}) VALUES ({marks})",  # noqa: S608
            [*values.values()],
        )
        database.commit()
