"""Names lead to their own polymers, and to no other without a word."""

import json
import random

import pytest
from rdkit.Chem import Descriptors

from engine.api import load
from engine.base.errors import UserError
from engine.chem.finding import find, told
from engine.chem.names import named_polymers
from engine.chem.repeat_unit import canonical_unit
from engine.chem.smiles import attachment_points, canonical, parse
from engine.commands import main


def test_each_name_leads_to_its_own_unit_and_each_abbreviation_to_it_among_others() -> None:
    polymers = named_polymers()
    assert len(polymers) >= 600
    for polymer in polymers:
        for name in (polymer.name, *polymer.other_names):
            found = find(name)
            assert found.how == "name", name
            assert found.units[0][:2] == polymer[:2], name
        for short in polymer.abbreviations:
            found = find(short)
            assert polymer.name in [unit.name for unit in found.units], short


def test_units_of_the_list_are_repeat_units_of_different_polymers() -> None:
    units = [polymer.smiles for polymer in named_polymers()]
    assert [canonical(unit) for unit in units] == units
    assert {attachment_points(parse(unit)) for unit in units} == {2}
    for unit in units:
        assert not Descriptors.NumRadicalElectrons(parse(unit)), unit
    assert len({canonical_unit(unit) for unit in units}) == len(units)


@pytest.mark.parametrize(
    ("texts", "unit"),
    [
        (
            ["PMMA", "poly(methyl methacrylate)", "Plexiglas", "Polymethylmethacrylat", "P.M.M.A."],
            "*CC(*)(C)C(=O)OC",
        ),
        (["PEG", "PEO", "polyoxyethylene", "Polyethylenglykol", "poly ethylene oxide"], "*CCO*"),
        (["nylon 6,6", "Nylon-6.6", "PA66", "PA 6.6", "Polyamid 6,6"], "*NCCCCCCNC(=O)CCCCC(*)=O"),
        (["PLA", "Polymilchsäure", "poly(lactic acid)"], "*OC(C)C(*)=O"),
        (["PEDOT"], "*c1sc(*)c2OCCOc12"),
        (["PVDF", "Polyvinylidenfluorid"], "*CC(*)(F)F"),
        (["Teflon", "PTFE", "Polytetrafluorethylen"], "*C(F)(F)C(*)(F)F"),
        (["PS", "Polystyrol", "polystyrene"], "*CC(*)c1ccccc1"),
        (["Poly(α-methylstyrene)", "poly(alpha-methylstyrene)"], "*CC(*)(C)c1ccccc1"),
        (["PAN", "Polyacrylnitril"], "*CC(*)C#N"),
        (["Polylactid"], "*OC(C)C(*)=O"),
        (["Polypropylenoxid", "PPG"], "*CC(C)O*"),
    ],
)
def test_people_write_names_in_many_ways(texts: list[str], unit: str) -> None:
    for text in texts:
        polymer = find(text).only
        assert polymer is not None, text
        assert canonical_unit(polymer.smiles) == canonical_unit(unit), text


@pytest.mark.parametrize(
    ("text", "how", "first"),
    [
        ("PVA", "abbreviation", "Poly(vinyl alcohol)"),
        ("PB", "abbreviation", "Poly(1-butene)"),
        ("parylene", "class", "Poly(p-xylylene)"),
        ("EMA", "copolymer", "Polyethylene"),
        ("nylon", "class", "Nylon 6"),
        ("polyurethane", "class", "Polyurethane of MDI and 1,4-butanediol"),
        ("ABS", "copolymer", "Polyacrylonitrile"),
        ("polystyrne", "near", "Polystyrene"),
        ("styren", "near", "Polystyrene"),
        ("Styrol", "monomer's name", "Polystyrene"),
        ("methyl methacrylate", "monomer's name", "Poly(methyl methacrylate)"),
        ("1,3-Butadien", "monomer's name", "1,4-Polybutadiene"),
        ("adipic acid", "comonomer's name", "Nylon 6,6"),
        ("adipic acid + hexamethylene diamine", "monomer", "Nylon 6,6"),
        ("terephthalic acid + OCCO", "monomer", "Poly(ethylene terephthalate)"),
        ("SBR", "copolymer", "Polystyrene"),
        ("FKM", "copolymer", "Poly(vinylidene fluoride)"),
        ("styrene + isoprene", "copolymer", "Polystyrene"),
        ("C=Cc1ccccc1.C=CC#N", "copolymer", "Polystyrene"),
        ("SAN", "copolymer", "Polystyrene"),
        ("poly(styrene-co-butadiene)", "copolymer", "Polystyrene"),
        ("Poly(ethylene-co-vinyl alcohol)", "copolymer", "Polyethylene"),
        ("caprolactam + caprolactam", "monomer", "Nylon 6"),
        ("EVA", "copolymer", "Polyethylene"),
    ],
)
def test_what_leaves_a_doubt_is_offered_and_not_taken(text: str, how: str, first: str) -> None:
    found = find(text)
    assert found.only is None
    assert (found.how, found.units[0].name) == (how, first)
    assert first in told(found)


@pytest.mark.parametrize(
    "text", ["", "  ", "xyzzy", "PA 6/12", "?!", "C" * 5000, "ポリスチレン", "\ud83d"]
)
def test_what_is_no_name_names_nothing(text: str) -> None:
    found = find(text)
    assert (found.how, found.units, found.only) == ("nothing", (), None)
    assert "not in the list" in told(found)


def test_rubbish_and_slips_of_the_pen_are_answered_with_a_sentence() -> None:
    chance = random.Random(0)
    signs = "CNOSPFclnos()[]=#123456789*.+-@/\\ αβ"
    texts = ["".join(chance.choices(signs, k=chance.randint(1, 40))) for _ in range(1000)]
    names = [name for each in named_polymers() for name in (each.name, *each.abbreviations)]
    for name in chance.sample(names, 500):
        place = chance.randrange(len(name))
        texts += [name[:place] + name[place + 1 :], name[:place] + "x" + name[place:]]
    for polymer in chance.sample(named_polymers(), 300):
        texts += [polymer.smiles.replace("*", end) for end in ("[H]", "C=C", "O")]
    for text in texts:
        found = find(text)
        assert told(found).endswith(".")
        assert found.units or found.how in ("molecule", "nothing"), text
        assert found.only is None or canonical(found.only.smiles).count("*") == 2
        assert all(
            canonical(unit.smiles).count("*") == 2 for unit in found.units if "*" not in text
        )


def test_the_command_tells_what_a_name_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["find", "Kevlar"]) == 0
    assert "*Nc1ccc(NC(=O)c2ccc(C(*)=O)cc2)cc1" in capsys.readouterr().out
    assert main(["find", "PVA", "--json"]) == 1
    told_of = json.loads(capsys.readouterr().out)
    assert told_of["how"] == "abbreviation"
    assert [each["name"] for each in told_of["units"]] == [
        "Poly(vinyl alcohol)",
        "Poly(vinyl acetate)",
    ]


def test_predict_takes_the_name_of_one_polymer(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "shipped", "PMMA"]) == 0
    shown = capsys.readouterr()
    assert "Poly(methyl methacrylate): *CC(*)(C)C(=O)OC" in shown.err
    assert "measured: Tg 104.8 °C, Afzal 2021" in shown.out
    for text, words in (
        ("PVA", "stands for several"),
        ("polystyrne", "Spelled alike: Polystyrene"),
    ):
        assert main(["predict", "shipped", text]) == 1
        assert words in capsys.readouterr().err.replace("\n", " ")


@pytest.mark.parametrize(
    "text", ["氯化PE", "PЖVC", "PE🙂", "PPΟ", "PΜΜA", "atactic", "isotactic nonsense"]
)
def test_a_name_with_what_is_not_understood_is_none(text: str) -> None:
    assert find(text).only is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("syndiotactic polystyrene", "Polystyrene"),
        ("it-PMMA", "Poly(methyl methacrylate)"),
        ("Polyéthylène", "Polyethylene"),
        ("PE™", "Polyethylene"),
    ],
)
def test_tacticity_accents_and_trade_marks_do_not_matter(text: str, name: str) -> None:
    assert find(text).only.name == name


@pytest.mark.parametrize("text", ["[R1]CC[R2]", "{[$]CC[$]}", "∗CC∗", "“*CC*”", "*CC*\u200b"])
def test_a_unit_is_found_in_every_notation(text: str) -> None:
    assert find(text).only.smiles == "*CC*"


def test_many_blanks_take_no_time() -> None:
    """It took more than a minute, in which the whole server stood still."""
    assert find("poly(" + " " * 1900 + "x").only is None
    assert find("poly(" + "- " * 900 + "x)").only is None


@pytest.mark.parametrize("thing", [None, 5, b"PE", ["PE"]])
def test_what_is_no_text_is_a_sentence(thing) -> None:
    with pytest.raises(UserError, match="is no text"):
        find(thing)


def test_in_python_a_name_in_place_of_a_unit_is_told_with_its_unit() -> None:
    with pytest.raises(UserError, match=r"name of Polyethylene: give \*CC\*"):
        load().predict(["*CCO*", "PE"])


def test_what_is_spelled_alike_is_shown() -> None:
    assert told(find("Zeonex")).endswith("Teonex (Poly(ethylene 2,6-naphthalate)).")
    assert "Spelled alike: Polystyrene" in told(find("polystyrne"))


@pytest.mark.parametrize(
    ("text", "how", "words"),
    [
        ("*CC(*)c1ccccc1|*CC(*)C|0.25|0.75|block", "composition", "Polypropylene and Polystyrene"),
        ("{[$]CC([$])Cl,[$]CC=CC[$]}|0.3|0.7", "composition", "Poly(vinyl chloride)"),
        ("*CC*|*CC(*)C|0.25", "composition", "Polypropylene and Polyethylene"),
        ("*CC*|*CC(*)C|0.25|7|9", "nothing", "3 fractions for 2 repeat units"),
        ("|" * 10_000, "nothing", "no composition"),
    ],
)
def test_a_composition_is_found_as_such(text: str, how: str, words: str) -> None:
    found = find(text)
    assert (found.how, found.only) == (how, None)
    assert words in told(found)
