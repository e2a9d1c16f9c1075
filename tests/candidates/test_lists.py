"""Lists of candidates: nothing is lost, whoever writes at the same time."""

import sqlite3
import threading

import pytest

from engine.base.errors import DiskFullError, UserError
from engine.candidates import history, lists, store
from engine.candidates.own_columns import own_column
from engine.candidates.rows import NewCandidate


def _new(text: str, **fields) -> NewCandidate:
    return NewCandidate(text, text, **fields)


def test_a_list_is_found_again_with_all_that_was_put_on_it(workspace) -> None:
    made = lists.create_list("Membranes")
    ids = made.add([_new("*CC*", row_id="a1", extra={"batch": "7", "größe": "µ"}), _new("*CCO*")])
    made.write_note(ids[1], "softer", before="")
    (info,) = lists.all_lists()
    assert (info.name, info.size) == ("Membranes", 2)
    found = lists.open_list(info.id).candidates()
    assert [each.unit for each in found] == ["*CC*", "*CCO*"]
    assert found[0].extra == {"batch": "7", "größe": "µ"}
    assert (found[0].row_id, found[1].note) == ("a1", "softer")
    assert made.add([_new("*CCO*"), _new("*CCC*")], once=True) == [ids[1] + 1]


def test_columns_of_files_are_numbers_only_where_every_cell_is_one() -> None:
    made = lists.create_list("Columns")
    cells = [
        {"price": "9,5", 'say "it"': "B", "mixed": "3"},
        {"price": "10,0", "mixed": "x"},
        {},
        {"price": "-1", 'say "it"': "a"},
        {"gone": "1"},
    ]
    ids = made.add([_new("*CC*", extra=each) for each in cells])
    made.remove(ids[4:])
    assert made.own_columns() == ["price", 'say "it"', "mixed"]
    price, said, mixed = (own_column(made, name) for name in made.own_columns())
    assert price.numbers == {ids[0]: 9.5, ids[1]: 10.0, ids[3]: -1.0}
    assert price.keys == price.numbers
    assert said.numbers is mixed.numbers is None
    assert said.texts == {ids[0]: "B", ids[3]: "a"}
    assert said.keys[ids[3]] < said.keys[ids[0]], "capital letters stand with small ones"


def test_repeat_units_are_put_in_place_once() -> None:
    made = lists.create_list("Monomers")
    fields = {"row_id": "m1", "extra": {"price": "3"}, "problem": "a monomer"}
    own, other = made.add([NewCandidate("C=CC=C", None, **fields), _new("*CC*")])
    made.write_note(own, "cheap", before="")
    butadienes = [("*CC=CC*", "one"), ("*CC(*)C=C", "two")]
    assert made.put_units({own: butadienes, other: [("*CCO*", "")]}) == 1
    assert made.put_units({own: [("*CCO*", "")]}) == 0, "another window was first"
    first, kept, copy = made.candidates()
    assert (first.unit, first.name, first.problem) == ("*CC=CC*", "one", "")
    assert (copy.unit, copy.name, copy.problem) == ("*CC(*)C=C", "two", "")
    assert first.given == copy.given == "C=CC=C"
    assert (copy.note, copy.row_id, copy.extra) == ("cheap", "m1", {"price": "3"})
    assert kept.unit == "*CC*"


def test_windows_that_write_at_once_lose_nothing() -> None:
    made = lists.create_list("Both")

    def write(window: int) -> None:
        own = lists.open_list(made.id)
        for number in range(25):
            own.add([_new(f"*C{'C' * number}*", row_id=f"{window}-{number}")])

    windows = [threading.Thread(target=write, args=(window,)) for window in range(4)]
    for each in windows:
        each.start()
    for each in windows:
        each.join()
    labels = {each.row_id for each in made.candidates()}
    assert labels == {f"{window}-{number}" for window in range(4) for number in range(25)}


def test_a_note_that_two_windows_change_keeps_both() -> None:
    made = lists.create_list("Notes")
    (number,) = made.add([_new("*CC*")])
    made.write_note(number, "made in May", before="")
    made.write_note(number, "too soft", before="")
    assert made.candidates()[0].note == "made in May\ntoo soft"
    made.write_note(number, "made in June", before="made in May\ntoo soft")
    assert made.candidates()[0].note == "made in June"


def test_what_is_removed_comes_back() -> None:
    made = lists.create_list("Removed")
    ids = made.add([_new(f"*{'C' * n}*") for n in range(1, 6)])
    made.remove(ids[:1])
    made.remove(ids[1:3])
    assert [each.id for each in made.candidates()] == ids[3:]
    assert made.removed() == made.restore() == 2
    assert [each.id for each in made.candidates()] == ids[1:]
    lists.remove_list(made.id)
    assert lists.all_lists() == []
    assert lists.removed_list() == made.id
    lists.restore_list(made.id)
    assert [each.size for each in lists.all_lists()] == [4]


def test_only_the_list_that_was_removed_last_comes_back() -> None:
    first, second = (lists.create_list(name) for name in ("First", "Second"))
    lists.remove_list(first.id)
    lists.remove_list(second.id)
    assert lists.removed_list() == second.id
    lists.restore_list(second.id)
    assert [each.name for each in lists.all_lists()] == ["Second"]
    assert lists.removed_list() == ""


def test_a_full_disk_is_called_so(monkeypatch) -> None:
    made = lists.create_list("Full")

    def cannot(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr("engine.base.sqlite_files.sqlite3.connect", cannot)
    with pytest.raises(UserError, match="disk I/O error"):
        made.count()
    monkeypatch.setattr("engine.base.sqlite_files._SCARCE", 2**70)
    for act in (made.count, lists.read_lists, lambda: made.add([_new("*CC*")])):
        with pytest.raises(DiskFullError):
            act()


def test_names_are_checked() -> None:
    made = lists.create_list("  One   list ")
    assert made.setting("name") == "One list"
    for name in ("One list", "", " ", "x" * 81, "a\x00b"):
        with pytest.raises(UserError, match="name"):
            lists.create_list(name)
    lists.rename_list(made.id, "Another")
    lists.rename_list(made.id, "Another")
    assert lists.all_lists()[0].name == "Another"
    for bad in ("../x", "nothing", "A B", ""):
        with pytest.raises(UserError, match="no list"):
            lists.open_list(bad)


def test_a_list_has_an_end(monkeypatch) -> None:
    monkeypatch.setattr(store, "MOST", 3)
    made = lists.create_list("Short")
    made.add([_new("*CC*")] * 2)
    with pytest.raises(UserError, match="at most 3 candidates"):
        made.add([_new("*CC*")] * 2)
    assert made.count() == 2, "all of them, or none"


def test_files_that_are_no_lists_are_told_and_not_read() -> None:
    made = lists.create_list("Good")
    (lists.folder() / "text.db").write_text("no database at all, but long enough to be read" * 90)
    (lists.folder() / "linked.db").symlink_to(made.path)
    with sqlite3.connect(lists.folder() / "trigger.db") as database:
        database.execute("CREATE TABLE settings (name, value)")
        database.execute(
            "CREATE TRIGGER t AFTER INSERT ON settings BEGIN DELETE FROM settings; END"
        )
    assert [each.name for each in lists.all_lists()] == ["Good"]
    sentences = " ".join(lists.read_lists()[1])
    for words in ("text.db", "linked.db", "trigger.db"):
        assert words in sentences


def test_texts_that_are_no_utf8_are_told(workspace) -> None:
    made = lists.create_list("Broken")
    lists.create_list("Whole")
    with sqlite3.connect(made.path) as database:
        database.execute("UPDATE settings SET value = CAST(x'ff41' AS TEXT) WHERE name = 'name'")
    assert [each.name for each in lists.all_lists()] == ["Whole"]
    assert made.path.name in " ".join(lists.read_lists()[1])
    whole = lists.open_list(lists.all_lists()[0].id)
    whole.set("created", "never")
    assert [each.created for each in lists.all_lists()] == [0.0], "it does not vanish"


def test_strange_contents_are_read_as_texts() -> None:
    made = lists.create_list("Strange")
    made.add([_new("*CC*")])
    with sqlite3.connect(made.path) as database:
        database.execute(
            "UPDATE candidates SET extra = '[1, 2', note = 7, given = x'00ff', added = 'never'"
        )
        database.execute("INSERT INTO hints VALUES (1, 'hard', 7)")
    assert made.own_columns() == []
    (found,) = made.candidates()
    assert (found.extra, found.note, found.added) == ({}, "7", 0.0)
    assert made.hints() == {1: (None, "7")}


def test_the_history_holds_the_last_hundred(workspace) -> None:
    for number in range(1, 121):
        history.remember("", f"*{'C' * number}*", "", {"Tg": f"{number} °C"})
    known = history.remembered("")
    assert len(known) == history.MOST
    assert known[0].extra == {"Tg": "120 °C"}
    history.remember("", known[40].unit, "", {"Tg": "0 °C"})
    again = history.remembered("")
    assert len(again) == history.MOST
    assert (again[0].unit, again[0].extra) == (known[40].unit, {"Tg": "0 °C"})
    assert history.remembered("somebody@else.org") == []
    assert lists.all_lists() == []
    history.clear("")
    assert history.remembered("") == []


def test_what_is_kept_of_a_list_stays_fresh_while_a_process_tells_how_far_it_is() -> None:
    made = lists.create_list("Mine")
    before = made.changes
    made.set("job", "working")
    assert (made.setting("job"), made.changes) == ("working", before)
    made.add([_new("*CC*")])
    assert made.changes > before
