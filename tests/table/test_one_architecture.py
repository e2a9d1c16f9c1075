"""One architecture of all rows, where a table has no column that says it."""

import pytest

from engine.base.errors import UserError
from engine.table import check_table, guess_columns
from engine.table.composition_findings import composition_words
from engine.table.compositions import texts_to_predict
from engine.table.fixing import unit_words
from engine.table.mended import check_mended, with_learned_columns
from engine.table.mending import Mending, mending_sentences
from engine.table.mending_file import parse_mending, written_mending
from tests.table.tables import kinds, raw_of

TWO = "smiles_A,smiles_B,frac_A,Tg"
COLUMNS = raw_of(TWO, "*CC*,*CO*,0.5,1", "*CC*,*CN*,0.25,2", "*CC*,,1,3")
TEXTS = raw_of("polymer,Tg", "*CC*|*CO*|0.5|0.5,1", "*CC*|*CN*|0.25|0.75|block,2", "*CC*,3")


def test_it_is_that_of_all_copolymers() -> None:
    table = check_table(COLUMNS, guess_columns(COLUMNS, one_architecture="stat"))
    assert [text.count("random") for text in table.canonical] == [1, 1, 0]
    assert "all random where nothing is said" in composition_words(table.report.columns)
    assert unit_words(table.report.columns)[-2:] == ["--architecture random", "--fractions mole"]


def test_a_row_that_says_another_one_keeps_it() -> None:
    columns = guess_columns(TEXTS, one_architecture="random")
    table = check_table(TEXTS, columns)
    assert [text.rpartition("|")[2] for text in table.canonical] == ["random", "block", "*CC*"]
    asked = texts_to_predict(TEXTS, columns)
    assert asked.texts[0] == "*CC*|*CO*|0.5|0.5|random"
    assert asked.shown[0] == "*CC*|*CO*|0.5|0.5"


def test_a_mending_and_a_model_remember_it() -> None:
    for raw in (COLUMNS, TEXTS):
        unsaid = check_table(raw).canonical[0]
        (mending,) = check_mended(raw, Mending(one_architecture="random")).mendings
        assert mending.one_architecture == "random"
        assert parse_mending(written_mending(mending).encode(), "mine.yaml") == mending
        assert any("All copolymers are random" in each for each in mending_sentences(mending))
        learned = check_table(raw, guess_columns(raw, one_architecture="random")).report.columns
        again = with_learned_columns(Mending(), raw, learned.of_polymer)
        assert check_mended(raw, again).canonical[0] == f"{unsaid}|random"


def test_a_column_of_the_architecture_counts_before_it() -> None:
    raw = raw_of(f"{TWO},architecture", "*CC*,*CO*,0.5,1,block", "*CC*,*CN*,0.5,1,")
    columns = guess_columns(raw, one_architecture="random")
    assert columns.architecture == "architecture"
    table = check_table(raw, columns)
    assert [text.rpartition("|")[2] for text in table.canonical] == ["block", "random"]
    assert "ignored_columns" not in kinds(table)
    (mending,) = check_mended(raw, Mending(one_architecture="random")).mendings
    assert check_mended(raw, mending).canonical == table.canonical
    assert "--architecture-column architecture" in unit_words(table.report.columns)
    both = guess_columns(raw, architecture="architecture", one_architecture="random")
    assert both == columns
    none = guess_columns(raw, architecture="", one_architecture="random")
    assert check_table(raw, none).canonical[0].endswith("|random")


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("star", "“star” is no architecture"),
        ("homopolymer", "“homopolymer” is said of 2"),
        ("unknown", "“unknown” says none"),
    ],
)
def test_a_word_that_is_none_is_refused(word: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        guess_columns(COLUMNS, one_architecture=word)
