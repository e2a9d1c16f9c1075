"""Hostile tables that are small: strange cells, headers, files with changed bytes, mends."""

import json
import random
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from bench.hostile.table_forms import FORMS, as_parquet, as_sdf, as_text, as_workbook, repacked

CLEAN = "clean-"
"""How the ids of rows begin that nobody has touched."""

_LETTERS = "CNOSFc1=#()[]*$Br%"
_NUMBERS = (
    "20.5", "-273.15", "1e5", "1,234.5", "1.234,5", "1 234", "> 300", "<= 5", "120-130",
    "85 ± 3", "~ 40", "410 K", "12 %", "3x10^2", "2 × 10⁻³", "inf", "-inf", "nan", "1e999", "-0",
    "5 MPa", "0x10", "1_000", "١٢٣", "１２", "½", "1/2", "12:30", "2020-01", "10-5", "TRUE",
    "5 foo", "5 m2/s",
)  # fmt: skip
_TEXTS = (
    "=cmd|' /C calc'!A0", "+SUM(1)", "@x", "-1+1", "__proto__", "constructor",
    "<script>alert(1)</script>", "![i](http://x)", "\u202eabc", "a\u200bb", "\ufeff", "\ufffd",
    "é", "e\u0301", "\ud800", "\0", "\x1b[31m", "\x07", "\U0001f600", "ﬁ", "ß", "İ", "²",
    "2-гидроксиэтилметакрилат", "NULL", "None", "''", '"', "\\", "{{7*7}}", "%s%n",
    "../../etc/passwd", "a" * 300, " ", "\u00a0", "\u2028", "\r", "\n", "\t",
)  # fmt: skip
_UNITS = (
    "*CC*", "*CC(*)c1ccccc1", "[*]CC[*]", "[R1]CC[R2]", "{[$]CC[$]}", "*C", "CC", "*", "**",
    "*C*.[Na+]", "*CC(*)C |Sg:n:1,2::ht|", "[Ce]CC[Th]", "*C%99C*", "*C1CC*", "*[C@H](C)C*",
    "[999C]", "[C+99]", "*C(=O)O*>>C", "c1ccccc1" * 40, "C" * 2100, "[*]" * 300, "*[U]*",
    "*CC(*)(*)*", "*c1c(*)cc2ccccc2c1",
)  # fmt: skip
_HEADERS = (
    "Tg", "Tg (K)", "Tg [°C]", "density, kg/m3", "FFV", "Tc (K)", "x", "x (MPa)", "temperature",
    "solvent", "fold", "source", "x_std", "mol_frac", "row", "problem", "Unnamed: 3", "", " ",
    "id", "ID", "Tg ", "tg", "Tg (2)", "property", "value", "unit", "SMILES", "smiles_2",
    "a" * 250, "Tg (foo)", "(((((", "x (" * 30, "p, p, p", "_" * 50, "log10", "x" + " (K)" * 20,
    "count", "=1+1", "name",
)  # fmt: skip


class Input(NamedTuple):
    """A hostile table.

    Attributes:
        said: what a user says of it: `name`, and the arguments of a `Mending`, or its text.
        data: the file.
    """

    said: dict[str, Any]
    data: bytes

    def packed(self) -> bytes:
        """As one content."""
        return json.dumps(self.said).encode() + b"\n" + self.data

    @classmethod
    def unpacked(cls, content: bytes) -> "Input":
        """What `packed` has made; any other content is a file of which nothing is said."""
        head, _, data = content.partition(b"\n")
        try:
            said = json.loads(head)
        except ValueError:
            return cls({}, content)
        return cls(said, data) if isinstance(said, dict) else cls({}, content)


def _odd(chance: random.Random, usual: Sequence[str]) -> str:
    """A cell: one of the usual kind, another, a mixture or a changed one."""
    what = chance.random()
    if what < 0.5:
        return chance.choice(usual)
    if what < 0.65:
        return chance.choice(_TEXTS)
    if what < 0.8:
        pieces = [chance.choice((*_NUMBERS, *_TEXTS, *_UNITS, *usual)) for _ in range(3)]
        return chance.choice(["", " ", ",", "-"]).join(pieces)
    if what < 0.9:
        return "".join(chance.choice(_LETTERS) for _ in range(chance.randint(1, 40)))
    text = list(chance.choice(usual) or "x")
    text[chance.randrange(len(text))] = chr(
        chance.choice([0, 9, 34, 0x202E, 0xD800, 0x1F600, 0xFFFF])
    )
    return "".join(text)


def _unit(number: int) -> str:
    """A repeat unit for each number."""
    return "*" + "C" * (1 + number % 30) + "O" * (number // 30) + "C*"


def mixed(chance: random.Random) -> Input:
    """Clean rows with strange ones between them, in a file that keeps all cells as they are."""
    header = ["id", "SMILES", chance.choice(["Tg", "Tg (K)", "x", "density, kg/m3", "flux (MPa)"])]
    header += [_odd(chance, _HEADERS) for _ in range(chance.choice([0, 0, 1, 3]))]
    rows = []
    for number in range(chance.randint(12, 40)):
        row = [f"{CLEAN}{number}", _unit(number), f"{chance.randint(300, 500)}.5"]
        rows.append([*row, *(chance.choice(["1.5", "", "2"]) for _ in header[3:])])
    for number in range(chance.randint(1, 20)):
        row = [f"odd-{number}", _odd(chance, _UNITS), _odd(chance, _NUMBERS)]
        odd = [*row, *(_odd(chance, _NUMBERS) for _ in header[3:])]
        rows.insert(chance.randrange(len(rows) + 1), odd)
    form = chance.choice(FORMS)
    return Input({"name": f"mixed.{form.__name__[3:]}"}, form([header, *rows], chance))


def strange_headers(chance: random.Random) -> Input:
    """Columns with names of every kind."""
    header = [_odd(chance, _HEADERS) for _ in range(chance.randint(1, 25))]
    header.insert(
        chance.randrange(len(header) + 1), chance.choice(["SMILES", "smiles", "repeat unit"])
    )
    rows = [
        [_unit(n) if "miles" in name or name == "repeat unit" else f"{n}.5" for name in header]
        for n in range(chance.randint(1, 15))
    ]
    titles = [[_odd(chance, _TEXTS)] + [""] * (len(header) - 1)] * chance.choice([0, 0, 1, 30])
    return Input({}, chance.choice((*FORMS, as_sdf))([header, *titles, *rows], chance))


def strange_cells(chance: random.Random) -> Input:
    """Tables of nothing but strange cells, with all that may be said of them."""
    names = ["id", "SMILES", *(_odd(chance, _HEADERS) for _ in range(chance.randint(0, 5)))]
    rows = [
        [str(n), _odd(chance, _UNITS), *(_odd(chance, (*_NUMBERS, *_TEXTS)) for _ in names[2:])]
        for n in range(chance.randint(0, 30))
    ]
    said: dict[str, Any] = {}
    if names[2:] and chance.random() < 0.5:
        said["conditions"] = [chance.choice(names[2:])]
    if chance.random() < 0.2:
        said["units"] = {chance.choice(names): _odd(chance, ("K", "MPa", "g/cm3", "°C"))[:500]}
    if chance.random() < 0.2:
        said["scales"] = {chance.choice(names): chance.choice(["log10", "linear"])}
    if chance.random() < 0.2:
        said["long"] = f"{chance.choice(names)}={chance.choice(names)}"
    for key, choices in _SAID.items():
        if chance.random() < 0.1:
            said[key] = chance.choice(choices)
    return Input(said, chance.choice(FORMS)([names, *rows], chance))


_SAID: dict[str, tuple] = {
    "separator": (",", ";", "tab", "", "\0", "ab", "*"),
    "encoding": ("utf-8", "utf-16", "latin-1", "idna", "punycode", "utf-7", "rot13", "\0"),
    "decimal": (",", "."),
    "sheets": (["Sheet 0"], ["Sheet 0", "Sheet 1"], ["nothing"], ["Sheet 0", "Sheet 0"]),
    "chain_ends": (["Ce", "Th"], ["C"], ["("]), "replicates": ("median", "mean"),
    "bounds": ("leave-out",), "smiles": ("SMILES", "nothing", "id"), "id": ("", "id", "SMILES"),
}  # fmt: skip

_PIECES = (
    b"*", b",", b";", b"\n", b'"', b"(", b"\xc2\xb1", b"[R1]", b"{", b"}", b"|", b"> ", b"1e999",
    b"K", b"\t", b"M  END", b"V2000", b"V3000", b"$$$$", b"\xff", b"\0", b"9" * 30, b"Tg (K)",
    b"#", b" SMILES ", b"\xed\xa0\x80", b"\xe2\x80\xae", b"\r", b"PK\x03\x04", b"PAR1",
    b"\xff\xfe", b"<c>", b"&a;", b"]]>", b"sep=;\n", b"<", b"/>",
)  # fmt: skip


def damaged(chance: random.Random) -> Input:
    """A valid file of any format, some bytes of which are changed, lost, doubled or added."""
    form = chance.choice((*FORMS, as_parquet, as_sdf))
    said = {"name": chance.choice(["mine.csv", "mine.smi", "mine.sdf"])}
    return Input(said, _changed(form(_valid(chance), chance), chance))


def damaged_workbook(chance: random.Random) -> Input:
    """A workbook some of whose parts are changed before they are packed again."""

    def change(name: str, old: bytes) -> bytes:
        if chance.random() < 0.6:
            return old
        text = re.sub(rb"\d+", _other_number, old) if chance.random() < 0.3 else old
        return _changed(text, chance)

    def _other_number(found: re.Match[bytes]) -> bytes:
        numbers = [b"0", b"-1", b"1e9", b"99999999999", b"2", b"x"]
        return found[0] if chance.random() < 0.9 else chance.choice(numbers)

    return Input({}, repacked(as_workbook(_valid(chance), chance), change))


def _valid(chance: random.Random) -> list[list[str]]:
    header = ["id", "SMILES", "Tg", "temperature"]
    rows = [[str(n), _unit(n), f"{n}.5", str(300 + n)] for n in range(chance.randint(1, 25))]
    return [header, *rows]


def _changed(content: bytes, chance: random.Random) -> bytes:
    data = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 5, 20])):
        place, what = chance.randrange(len(data) + 1), chance.random()
        if what < 0.3:
            data[place:place] = chance.choice(_PIECES)
        elif what < 0.5:
            del data[place : place + chance.randint(1, 60)]
        elif what < 0.8:
            data[place : place + 1] = bytes([chance.randrange(256)])
        elif what < 0.9:
            data[place:place] = data[place : place + chance.randint(1, 500)]
        else:
            del data[place:]
    return bytes(data)


def mends(chance: random.Random) -> Input:
    """A file of mends from a stranger, for a table that it may fit."""
    row = chance.choice([2, 3, 1, -1, 2**40])
    pieces = (
        "version: 1", f"dropped: [{{row: {row}, has: {{SMILES: '*CC*'}}}}]", "decimal: ','",
        "renamed: {Tg: x}",
        f"changed: [{{row: {row}, column: Tg, old: '1.5', new: '{chance.choice(_NUMBERS)}'}}]",
        "units: {Tg: K}", "renamed: {Tg: SMILES}", "smiles: SMILES", "replicates: median",
        "long: SMILES=Tg", "a: &a [x, x]", "b: *a", "x: " + "[" * chance.choice([5, 100]),
        "version: 2", "row: " + "9" * chance.choice([5, 9000]), "id: yes",
        "when: " + "1:" * chance.choice([3, 50_000]) + "1", "units: {Tg: K, Tg: °C}",
        "!!python/name:os.system x", "encoding: " + chance.choice(("utf-8", "idna")),
        "bounds: leave-out", "<<: {version: 1}", "\0", "- 1", "? a", "sheets: [Sheet 0]",
        "2020-01-01: 2020-99-99", "chain_ends: [Ce]", "properties: [Tg, Tg]",
    )  # fmt: skip
    text = "\n".join(chance.sample(pieces, chance.randint(1, 5))).encode()
    if chance.random() < 0.3:
        text = _changed(text, chance)
    said = {"mends": text.decode("latin-1")}
    return Input(said, chance.choice(FORMS)(_valid(chance), chance))


def long_format(chance: random.Random) -> Input:
    """Tables with a row for each value, and units that fit or not."""
    rows = [["smiles", chance.choice(["property", "Parameter"]), "value", "unit"]]
    for _ in range(chance.randint(1, 40)):
        name = chance.choice(["Tg", "Density", "x", _odd(chance, _HEADERS)])
        rows.append(
            [
                _unit(chance.randrange(5)),
                name,
                _odd(chance, _NUMBERS),
                _odd(chance, ("K", "°C", "kg/m3")),
            ]
        )
    said = {"long": "property=value"} if chance.random() < 0.3 else {}
    return Input(said, chance.choice(FORMS)(rows, chance))


def unlikely_text(chance: random.Random) -> Input:
    """Lines of anything, in any encoding."""
    pieces = (*_NUMBERS, *_TEXTS, *_UNITS, *_HEADERS, "\n", "\n", ",", ",", ";", "\t")
    text = "".join(chance.choice(pieces) for _ in range(chance.randint(1, 200)))
    encoding = chance.choice(["utf-8", "utf-16-le", "cp1252", "utf-32-be", "cp037", "shift_jis"])
    return Input({"name": chance.choice(["a.csv", "a.smi"])}, text.encode(encoding, "replace"))


def two_encodings(chance: random.Random) -> Input:
    """A text table whose rows are in different encodings."""
    lines = as_text(_valid(chance), random.Random(0)).splitlines(keepends=True)
    encodings = ["utf-8", "latin-1", "utf-16-le"]
    mixed_lines = [line + "é\n".encode(chance.choice(encodings)) for line in lines]
    return Input({}, b"".join(mixed_lines))


MAKERS: tuple[tuple[Callable[[random.Random], Input], int], ...] = (
    (mixed, 30), (strange_headers, 8), (strange_cells, 15), (damaged, 18), (damaged_workbook, 8),
    (mends, 8), (long_format, 5), (unlikely_text, 5), (two_encodings, 2),
)  # fmt: skip
"""And how often each is taken."""
