"""Parquet files: their rows as Python values, in memory that does not depend on what they say."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from ..base.budget import check_time
from ..base.errors import UserError
from ..base.limited import LimitedProcess, LimitError
from .cells import LONGEST_CELL
from .package import MAX_UNPACKED
from .parquet_pages import DELTA_BYTE_ARRAY, OF_DICTIONARY, PLAIN, Page, PageError, pages

Rows = Iterator[tuple[int, tuple[Any, ...]]]
"""Each row's number in a spreadsheet and its cells; the first is the header."""

BATCH = 2**14

_LARGEST_FOOTER = 8 * 2**20
_LARGEST_PAGES = 2**28
"""Bytes that the pages of all columns which are unpacked at the same time may have."""

_LARGEST_STEP = 2**26
_LONGEST_FIXED = 64
_ENDING = 8


class _Plan(NamedTuple):
    """How a file is read.

    Attributes:
        names: of all columns.
        columns: numbers of those that are read.
        texts: names of those of them whose texts are read as numbers in a dictionary.
        unread: the others' names, and why.
        batch: rows that are read together.
    """

    names: tuple[str, ...]
    columns: list[int]
    texts: list[str]
    unread: list[tuple[str, str]]
    batch: int


class ParquetTable:
    """The rows of a Parquet file.

    Attributes:
        unread: columns that are left out, and why.
        cells: how many cells the others have.
    """

    def __init__(
        self,
        source: bytes | Path,
        name: str,
        whole: bool,
        batch: int = BATCH,
        is_tried: bool = False,
    ) -> None:
        """Look at what a file says of itself.

        Args:
            source: the file.
            name: its name, for messages.
            whole: whether all of it is to be held in memory, which limits its size.
            batch: most rows that are read together.
            is_tried: whether it was read before in a process with limits; Arrow ends the process
                at some damaged files.

        Raises:
            UserError: when it is damaged or unpacks to too much.
        """
        if not is_tried:
            try:
                _process.run(_read_through, source, name, whole, batch)
            except (LimitError, RuntimeError) as error:
                raise damaged(name) from error
        self._source, self._name, self._whole, self._batch = source, name, whole, batch
        with self._opened() as opened:
            self._plan, rows = self._planned(opened)
        self.unread = self._plan.unread
        self.cells = rows * len(self._plan.names)

    def rows(self) -> Rows:
        """The rows; columns that are not read are empty.

        Raises:
            UserError: when it is damaged.
        """
        yield 1, self._plan.names
        number = 2
        for count, columns in self.batches():
            yield from enumerate(zip(*columns, strict=True), start=number)
            number += count

    def batches(self) -> Iterator[tuple[int, list[Sequence[Any]]]]:
        """Some rows at a time: how many, and their columns; no columns where all are empty.

        Raises:
            UserError: when the file is damaged.
        """
        with self._opened() as opened:
            batches = _batches(opened, self._plan)
            while True:
                check_time("reading its rows")
                try:
                    batch = next(batches, None)
                    columns = _columns_of(batch, self._plan) if batch is not None else []
                except UserError:
                    raise
                except Exception as error:
                    raise damaged(self._name) from error
                if batch is None:
                    return
                yield batch.num_rows, columns

    def _opened(self) -> BinaryIO:
        return (
            io.BytesIO(self._source) if isinstance(self._source, bytes) else self._source.open("rb")
        )

    def _planned(self, opened: BinaryIO) -> tuple[_Plan, int]:
        """How the file is read, and how many rows it has."""
        import pyarrow.parquet

        try:
            _check_footer(opened)
            file = pyarrow.parquet.ParquetFile(opened, pre_buffer=False)
            names, columns, unread = _columns(file)
            pages_ = self._pages(opened, file, columns)
            count = file.metadata.num_rows
        except UserError:
            raise
        except Exception as error:
            raise damaged(self._name) from error
        # Of few rows where each may stand for as many bytes as a page has.
        step = max(1, _LARGEST_STEP // pages_.largest) if pages_.unfold else self._batch
        texts = [file.schema.column(place).name for place in pages_.shared]
        return _Plan(names, columns, texts, unread, min(step, self._batch)), count

    def _pages(self, opened: BinaryIO, file: Any, columns: Sequence[int]) -> "_Pages":
        """Look at all pages of some columns.

        Raises:
            UserError: when they unpack to too much.
        """
        whole, largest = 0, 1
        encodings: dict[int, set[int]] = {column: set() for column in columns}
        for group in range(file.metadata.num_row_groups):
            together, about = 0, file.metadata.row_group(group)
            for column in columns:
                most = {True: 0, False: 0}
                for page in _column_pages(opened, about.column(column)):
                    whole += page.size
                    most[page.is_dictionary] = max(most[page.is_dictionary], page.size)
                    if not page.is_dictionary:
                        encodings[column].add(page.encoding)
                together += sum(most.values())
                largest = max(largest, *most.values())
                if together > _LARGEST_PAGES or (self._whole and whole > MAX_UNPACKED):
                    raise _unpacks(self._name, max(together, whole))
        texts = [column for column in columns if _is_text(file.schema.column(column))]
        unfolding = [c for c in texts if encodings[c] & {*OF_DICTIONARY, DELTA_BYTE_ARRAY}]
        shared = [c for c in unfolding if encodings[c] <= {*OF_DICTIONARY, PLAIN}]
        return _Pages(largest, shared, len(unfolding) > len(shared))


def _read_through(source: bytes | Path, name: str, whole: bool, batch: int) -> None:
    """Read a whole file, and keep nothing; runs in the process with limits."""
    table = ParquetTable(source, name, whole, batch, is_tried=True)
    for _ in table.batches():
        pass


def rows_said(path: Path) -> int:
    """How many rows a file says that it has, which is known before they are read.

    Args:
        path: of the file; 0 of one that is damaged.
    """
    try:
        return _process.run(_rows_said, path)
    except (LimitError, RuntimeError):
        return 0


def _rows_said(path: Path) -> int:
    """The same; runs in the process with limits."""
    import pyarrow.parquet

    with path.open("rb") as opened:
        _check_footer(opened)
        return pyarrow.parquet.read_metadata(opened).num_rows


def _started() -> None:
    """By the time that this is called, the process has imported what it needs."""
    import pyarrow.parquet  # noqa: F401


_process = LimitedProcess(cpu_seconds=60, memory=2**30, first=_started)


class _Pages(NamedTuple):
    """What the pages of a file are like.

    Attributes:
        largest: bytes of the largest.
        shared: columns of texts that rows share by their numbers in a dictionary.
        unfold: whether others have pages in which few bytes stand for many.
    """

    largest: int
    shared: list[int]
    unfold: bool


def _batches(opened: BinaryIO, plan: _Plan) -> Iterator[Any]:
    """The columns that are read, some rows at a time."""
    import pyarrow.parquet

    # As numbers of texts: a text that rows share is made once.
    file = pyarrow.parquet.ParquetFile(opened, pre_buffer=False, read_dictionary=plan.texts)
    groups = list(range(file.metadata.num_row_groups))
    yield from file.reader.iter_batches(plan.batch, groups, plan.columns, False)


def _columns_of(batch: Any, plan: _Plan) -> list[Sequence[Any]]:
    """The cells of all columns; none where no row of the batch holds anything."""
    if all(column.null_count == batch.num_rows for column in batch.columns):
        return []
    columns: list[Sequence[Any]] = [[None] * batch.num_rows] * len(plan.names)
    for place, column in zip(_places(plan), batch.columns, strict=True):
        columns[place] = _values(column)
    return columns


def _places(plan: _Plan) -> list[int]:
    """Where the columns that are read stand among all columns."""
    unread = {name for name, _ in plan.unread}
    return [place for place, name in enumerate(plan.names) if name not in unread]


def _check_footer(opened: BinaryIO) -> None:
    """Refuse a summary that would be large in memory."""
    opened.seek(0, io.SEEK_END)
    if opened.tell() < _ENDING:
        raise PageError("it is cut off")
    opened.seek(-_ENDING, io.SEEK_END)
    if int.from_bytes(opened.read(4), "little") > _LARGEST_FOOTER:
        raise PageError("its summary is too large")
    opened.seek(0)


def _columns(file: Any) -> tuple[tuple[str, ...], list[int], list[tuple[str, str]]]:
    """The names of the columns, the leaves that hold plain ones, and what is left out and why."""
    names = tuple(file.schema_arrow.names)
    columns: list[int] = []
    plain: set[str] = set()
    unread: dict[str, str] = {}
    for place in range(len(file.schema)):
        leaf = file.schema.column(place)
        if leaf.path != leaf.name or leaf.max_repetition_level:
            continue
        if leaf.physical_type == "FIXED_LEN_BYTE_ARRAY" and leaf.length > _LONGEST_FIXED:
            unread[leaf.name] = f"each cell has {leaf.length:,} bytes"
            continue
        columns.append(place)
        plain.add(leaf.name)
    for name in names:
        if name not in plain:
            unread.setdefault(name, "its cells hold lists or groups of values")
    # A name that is a plain column's and another's too.
    if len(columns) + len(unread) != len(names):
        raise PageError("two columns have one name")
    return names, columns, list(unread.items())


def _is_text(leaf: Any) -> bool:
    return str(leaf.physical_type) == "BYTE_ARRAY"


def _column_pages(opened: BinaryIO, about: Any) -> Iterator[Page]:
    start = about.data_page_offset
    if about.has_dictionary_page and 0 < (about.dictionary_page_offset or 0) < start:
        start = about.dictionary_page_offset
    return pages(opened, start, about.total_compressed_size, about.num_values)


def _values(column: Any) -> Sequence[Any]:
    """The cells of a column; texts are cut before they are copied."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        indices = column.indices
        used, inverse = np.unique(indices.fill_null(-1).to_numpy(), return_inverse=True)
        # Sorted, so that an empty cell's number comes first.
        texts: list[Any] = [None] if -1 in used[:1] else []
        texts += _texts(column.dictionary.take(pa.array(used[used >= 0])))
        return [texts[i] for i in inverse.tolist()]
    if _holds_text(column.type):
        return _texts(column)
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError):
        # Such as dates that Python has none of.
        return list(column.cast(pa.string()).to_pylist())


def _holds_text(kind: Any) -> bool:
    import pyarrow as pa

    types = (pa.string(), pa.large_string(), pa.binary(), pa.large_binary())
    return any(kind == each for each in types)


def _texts(values: Any) -> list[str | None]:
    import pyarrow as pa
    import pyarrow.compute as pc

    # A character has four bytes at most.
    if (pc.max(pc.binary_length(values)).as_py() or 0) > 4 * LONGEST_CELL:
        values = pc.binary_slice(values.cast(pa.binary()), 0, 4 * LONGEST_CELL)
    raw = values.cast(pa.binary()).to_pylist()
    # One sign more tells that the text is cut.
    most = LONGEST_CELL + 1
    return [None if each is None else each.decode("utf-8", "replace")[:most] for each in raw]


def damaged(name: str) -> UserError:
    """The error for a Parquet file that cannot be read."""
    return UserError(
        f"{name} is a damaged Parquet file: it cannot be read. Write it again, or save it as CSV."
    )


def _unpacks(name: str, size: int) -> UserError:
    return UserError(
        f"{name} unpacks to {size / 2**20:,.0f} MB and more, which is more than is read; leave out "
        "what is not needed, write smaller groups of rows, or split the table."
    )
