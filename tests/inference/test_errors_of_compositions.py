"""Errors of copolymers: what they are told apart by, the label doctor, and the report."""

import numpy as np
import pandas as pd
import pytest

from engine.base.errors import UserError
from engine.chem.classes import chemical_classes, heavy_atoms
from engine.inference.bundle import SHIPPED, read_info
from engine.inference.error_analysis import property_rows
from engine.inference.error_facets import errors_by, facets_of, group_words
from engine.inference.error_filters import ErrorFilter
from engine.inference.error_traits import with_traits
from engine.inference.label_doctor import DOUBTFUL, doubtful_labels
from engine.inference.predict import Predictor
from engine.inference.scoring import score_rows
from engine.runs import Run, read_out_of_fold
from engine.runs.html_report import html_report
from engine.table import load_table
from tests.copolymers import METHACRYLATE, STYRENE, WRONG, fox, fox_table

BLOCK = f"{STYRENE}|{METHACRYLATE}|0.2|0.8|block"


def test_traits_of_a_composition_are_those_of_all_its_units() -> None:
    assert heavy_atoms(BLOCK) == heavy_atoms(STYRENE) + heavy_atoms(METHACRYLATE) == 15
    assert chemical_classes(BLOCK) == ("methacrylic", "styrenic")
    assert chemical_classes("*C*|*c1ccc(*)cc1[Si](C)(C)C|0.5|0.5") == (
        *("polyolefin", "conjugated", "other silicon"),
    )


def _labels(texts: list[str]) -> pd.DataFrame:
    labels = pd.DataFrame({"smiles": texts, "fold": np.arange(len(texts)) % 2})
    return labels.assign(
        error=np.arange(len(texts), dtype=float), label=1.0, prediction=1.0, row=0, id=""
    )


def test_errors_are_told_apart_by_what_compositions_differ_in() -> None:
    random = BLOCK.replace("block", "random")
    three = f"{STYRENE}|{METHACRYLATE}|*CC*|0.2|0.2|0.6"
    rows = with_traits(_labels([STYRENE, BLOCK, random, three]))
    assert rows["units"].tolist() == [1, 2, 2, 3]
    assert rows["rarest"].tolist() == [1, 0.2, 0.2, 0.2]
    assert rows["architecture"][1:].tolist() == ["block", "random", "not known"]
    assert rows["architecture"].isna()[0]
    facets = {facet.column: facet for facet in facets_of(rows)}
    assert {"units", "rarest", "architecture"} < facets.keys()
    groups = errors_by(rows, facets["architecture"])
    assert dict(zip(groups["group"], groups["mae"], strict=True)) == {
        **{"block": 1.0, "random": 2.0, "not known": 3.0}
    }


def test_labels_are_chosen_by_units_and_architecture(copolymers: Run) -> None:
    (tg,) = read_info(copolymers.bundle).properties
    three = f"{STYRENE}|{METHACRYLATE}|*CC*|0.2|0.2|0.6|random"
    rows = with_traits(_labels([STYRENE, BLOCK, three]))
    two = ErrorFilter(units=(1, 2))
    assert two.chosen(rows).index.tolist() == [0, 1]
    assert two.words(tg) == ["1 or 2 repeat units"]
    random = ErrorFilter(architectures=("random", "graft"))
    assert random.chosen(rows).index.tolist() == [2]
    assert random.words(tg) == ["architecture random or graft"]
    homopolymers = with_traits(_labels([STYRENE]))
    assert len(random.chosen(homopolymers)) == len(two.chosen(homopolymers)) == 1


def test_labels_of_homopolymers_have_no_such_columns() -> None:
    rows = with_traits(_labels([STYRENE, METHACRYLATE]))
    assert not {"units", "rarest", "architecture"} & {*rows}


def test_the_planted_wrong_row_is_found(copolymers: Run) -> None:
    info, table = read_info(copolymers.bundle), read_out_of_fold(copolymers)
    found = doubtful_labels(table, info.properties, info.members)
    assert found["row"].tolist()[0] == WRONG
    assert found["score"].tolist()[0] >= DOUBTFUL
    (tg,) = info.properties
    rows = property_rows(with_traits(table), tg)
    assert rows["row"][rows["error"].abs().idxmax()] == WRONG
    assert rows["similarity"].between(0, 1).all()
    facet = next(each for each in facets_of(rows) if each.column == "rarest")
    group = errors_by(rows, facet, count=2).to_dict("records")[0]
    assert group_words(facet, group, tg).startswith("0.20")


def test_the_report_draws_units_side_by_side(copolymers: Run) -> None:
    page = html_report(copolymers)
    for words in ("Composition of 2 repeat units", "Number of repeat units", "rarest unit"):
        assert words in page
    assert page.count("mol%: Repeat unit of") > 10


def test_a_model_of_homopolymers_is_scored_on_what_it_takes() -> None:
    predictor, rows = Predictor(SHIPPED), fox()
    table = load_table(rows.to_csv(index=False).encode(), "fox.csv")
    scored = score_rows(predictor.only(["Tg"]), table)
    assert scored.unpredicted_words.startswith("60 of 66 rows could not be predicted")
    figures = scored.figures()
    assert figures["n"]["Tg"] == 6
    assert figures["unseen"] is None
    labels = scored.rows()
    of_units = ~labels["smiles"].str.contains("|", regex=False)
    assert labels["similarity"].notna().tolist() == of_units.tolist()
    assert labels["blend"].notna().tolist() == of_units.tolist()


def test_a_table_of_copolymers_alone_says_why_it_is_not_scored() -> None:
    copolymers = fox()[:60]
    table = load_table(copolymers.to_csv(index=False).encode(), "fox.csv")
    with pytest.raises(UserError, match=r"No row of fox\.csv can be predicted: .* homopolymers"):
        score_rows(Predictor(SHIPPED), table)


def test_a_model_of_copolymers_knows_which_labels_it_saw(copolymers: Run) -> None:
    scored = score_rows(Predictor(copolymers.bundle), fox_table())
    assert scored.seen is not None
    assert scored.seen.all()
    assert scored.figures()["unseen"] is None
    assert scored.unpredicted_words == ""
