"""Columns of repeat units that a prediction would pass over."""

import pytest

from engine.base.errors import UserError
from engine.table.named_units import columns_of_units_or_names
from tests.table.tables import raw_of

A, B, C = "*CC*", "*CC(*)c1ccccc1", "*CC(*)Cl"


@pytest.mark.parametrize(
    ("header", "row", "unseen"),
    [
        ("SMILES,partner,frac,architecture", f"{B},{C},0.5,random", "“partner”"),
        ("main,with,share", f"{B},{C},0.5", "“with”"),
        ("smiles,smiles2,note", f"{B},{C},random", "“smiles2”"),
        ("smiles,comonomer_smiles,Tg", f"{B},{C},0.5", "“comonomer_smiles”"),
        ("smiles_x,smiles_y,Tg_x,Tg_y", f"{B},{C},0.5,0.5", "“smiles_y”"),
        ("first unit,second unit,first of all", f"{B},{C},0.5", "“second unit”"),
        ("SMILES,matrix", f"{B},PMMA", "“matrix”"),
        ("polymer,comonomer", "polystyrene,PMMA", "“comonomer”"),
        ("smiles_A,smiles_B,frac_A,third", f"{B},{C},0.5,{A}", "“third”"),
        ("polymer,unit", f"{A}|{B}|0.5,{C}", "“unit”"),
        ("smiles_A,smiles_B,smiles_C,frac_A,frac_B", f"{B},{C},{A},0.3,0.7", "“smiles_C”"),
        (",".join(f"smiles_{n}" for n in range(13)), ",".join([B, C, A] * 4 + [B]), "“smiles_1”"),
    ],
)
def test_units_that_would_not_be_seen_are_refused(header: str, row: str, unseen: str) -> None:
    with pytest.raises(UserError, match=f"{unseen}.* would not be seen"):
        columns_of_units_or_names(raw_of(header, row))


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("SMILES,drawn otherwise", f"{B},*C(C*)c1ccccc1"),
        ("SMILES,isomeric_smiles", "*CC(*)C(=O)OC,*C[C@H](*)C(=O)OC"),
        ("SMILES,name", f"{B},polystyrene"),
        ("SMILES,solvent,note", f"{B},CCO,"),
        ("polymer,unit_1,unit_2", f"{A}|{B}|0.5,{A},{B}"),
        ("smiles_A,smiles_B,frac_A,frac_B,frac_C", f"{B},{C},0.5,0.5,0"),
        ("smiles_A,smiles_B,frac_A", f"{B},{C},1"),
        ("smiles_A,smiles_B,smiles_C,frac_A,frac_B", f"{B},{C},{A},0.3,0.5"),
        ("SMILES,r1,r2", f"{B},1.5,2.5"),
    ],
)
def test_other_columns_are_let_alone(header: str, row: str) -> None:
    columns_of_units_or_names(raw_of(header, row))


def test_a_few_units_among_other_texts_are_no_column_of_units() -> None:
    rows = [f"{A},{B}", f"{A},see {B}", f"{A},none", f"{A},a note"]
    assert columns_of_units_or_names(raw_of("SMILES,remark", *rows))[0].smiles == "SMILES"
