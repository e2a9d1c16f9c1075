"""Hostile requests to the HTTP service: odd bodies, odd fields, odd files, odd addresses."""

import json
import random
from typing import Any, NamedTuple

from bench.hostile.mutations import changed_bytes
from bench.hostile.strings import Strings

_JSON = {"Content-Type": "application/json"}
_TABLE = b"id,SMILES,temperature\n1,*CC*,300\n2,*CCO*,310\n3,no unit,\n4,*CC(*)c1ccccc1,-1e999\n"
_ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 10**400, 1e308, -0.0, float("nan"), float("inf"), 0.9, 0.33),
    *(
        "",
        " ",
        "default",
        "shipped",
        "../../etc/passwd",
        "/etc/passwd",
        "\x00",
        "\ud800",
        "0" * 300,
    ),
    *([], {}, [[]], ["*CC*"], {"a": {"b": []}}, [None], {"\ud800": 1}, {"temperature": 298}),
)
_PATHS = (
    *(
        "/",
        "/health",
        "/models",
        "/docs",
        "/docs/swagger-ui.css",
        "/docs/../app.py",
        "/openapi.json",
    ),
    *("/predict", "/neighbours", "/jobs", "/jobs/", "/jobs/0123456789abcdef", "/jobs/..%2f..%2fx"),
    *(
        "/jobs/0123456789abcdef/result",
        "/jobs/%00/problems",
        "/jobs/\u00fc",
        "/metrics",
        "//",
        "/%",
    ),
)
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND")
_NAMES = (
    *(
        "table.csv",
        "table.CSV",
        "t.smi",
        "t.parquet",
        "t.xlsx",
        "t.sdf",
        "t.exe",
        "",
        ".csv",
        "csv",
    ),
    *(
        "../../t.csv",
        "..\\t.csv",
        "t.csv\x00.exe",
        "t" * 5000 + ".csv",
        "ü.csv",
        "<b>.csv",
        "t.csv.gz",
    ),
)
_FIELDS = (
    *("model", "keep", "by", "top", "with_guesses", "inside_only", "conditions", "fragments"),
    *("smiles_column", "id_column", "file", "nothing"),
)
_VALUES = (
    *("", "default", "Tg > 150", "Tg > ", "Tg high", "5", "-5", "9" * 400, "yes", "{}", "[]", "{"),
    *('{"T": NaN}', "refuse", "leave-out", "SMILES", "nothing", "\x00", "é" * 500, "(" * 3000),
)
_strings = Strings()


class Asked(NamedTuple):
    """A request, as a client of the kind of httpx sends it."""

    method: str
    path: str
    arguments: dict[str, Any]


def make_request(chance: random.Random) -> Asked:
    """A request, wholly determined by `chance`."""
    return chance.choice(_MAKERS)(chance)


def _text(chance: random.Random) -> str:
    return _strings.make(chance).decode("utf-8", "surrogatepass")


def _units(chance: random.Random) -> Asked:
    """Hostile strings where repeat units are asked for."""
    units = [_text(chance) for _ in range(chance.choice((1, 1, 2, 5)))]
    return _of_json("/predict", {"repeat_units": units if chance.random() < 0.8 else units[0]})


def _neighbour(chance: random.Random) -> Asked:
    return _of_json("/neighbours", {"repeat_unit": _text(chance), "count": chance.choice((1, 3))})


def _fields(chance: random.Random) -> Asked:
    """A body of which a field or two are odd."""
    path = chance.choice(("/predict", "/neighbours"))
    body: dict[str, Any] = (
        {"repeat_units": ["*CC*"]} if path == "/predict" else {"repeat_unit": "*CC*"}
    )
    names = [
        "repeat_units",
        "repeat_unit",
        "model",
        "level",
        "conditions",
        "fragments",
        "count",
        "nothing",
    ]
    for name in chance.sample(names, chance.randint(1, 2)):
        body[name] = chance.choice(_ODD)
    return _of_json(path, body)


def _bytes(chance: random.Random) -> Asked:
    """A body that is hardly JSON."""
    whole = json.dumps(
        {"repeat_units": ["*CC*", "PMMA"], "level": 0.9, "model": "default"}
    ).encode()
    body = chance.choice(
        (
            changed_bytes(whole, chance),
            whole[: chance.randrange(len(whole))],
            b"[" * chance.choice((10, 1000, 100_000)),
            b'{"repeat_units":' * 5000,
            b"9" * 5000,
            b'{"level":' + b"9" * 5000 + b"}",
            chance.randbytes(chance.choice((0, 10, 2000))),
            b"null",
            b'"*CC*"',
            whole * 20_000,
        )
    )
    kind = chance.choice(("application/json", "text/plain", "", "application/json; charset=utf-16"))
    path = chance.choice(("/predict", "/neighbours", "/jobs", "/models"))
    return Asked("POST", path, {"content": body, "headers": {"Content-Type": kind}})


def _address(chance: random.Random) -> Asked:
    path = chance.choice(_PATHS)
    if chance.random() < 0.2:
        path = "/" + "".join(
            chance.choice("abc/.%20?#&=~\u00e9") for _ in range(chance.randint(1, 30))
        )
    return Asked(chance.choice(_METHODS), path, {})


def _upload(chance: random.Random) -> Asked:
    """A table that is hardly one, with odd fields beside it."""
    content = chance.choice(
        (
            _TABLE,
            changed_bytes(_TABLE, chance),
            chance.randbytes(300),
            b"",
            b"PAR1" * 20,
            b"PK\3\4xx",
        )
    )
    file = (chance.choice(_NAMES), content, chance.choice(("text/csv", "", "a/b/c")))
    names = chance.sample(_FIELDS, chance.randint(0, 3))
    data = {name: chance.choice(_VALUES) for name in names}
    return Asked(
        "POST", "/jobs", {"files": {chance.choice(("file", "file", "x")): file}, "data": data}
    )


def _form(chance: random.Random) -> Asked:
    """An upload whose parts do not fit their boundary."""
    whole = (
        b"--b\r\nContent-Disposition: form-data; name=file; filename=t.csv\r\n\r\n%s\r\n--b--\r\n"
    )
    body = changed_bytes(whole % _TABLE, chance)
    kind = chance.choice(("multipart/form-data; boundary=b", "multipart/form-data", "multipart/x"))
    return Asked("POST", "/jobs", {"content": body, "headers": {"Content-Type": kind}})


def _of_json(path: str, body: Any) -> Asked:
    return Asked("POST", path, {"content": json.dumps(body).encode(), "headers": _JSON})


_MAKERS = (*(_units, _fields, _bytes, _address) * 6, _neighbour, _upload, _form)
