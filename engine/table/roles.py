"""Columns of numbers that are no property of the repeat unit: what else they can be."""

import re
from typing import Literal

Role = Literal["condition", "composition", "second_unit", "spread", "count"]

_CONDITION = re.compile(
    r"(test(ing)?_|measurement_|meas_|exp_)?"
    r"(temperature|temp|pressure|humidity|relative_humidity|rh|frequency|freq|ph|concentration|conc"
    r"|time|heating_rate|scan_rate|shear_rate|strain_rate|thickness|wavelength|feed_pressure"
    r"|(log_?(10_?)?)?(mw|mn|mv|molar_mass|molecular_weight|mol_weight)|pdi|dispersity)"
    r"(_(k|c|degc|f|celsius|kelvin|pa|kpa|mpa|bar|atm|hz|khz|mhz|s|min|h|g_mol|kda|da|kg_mol))?"
)
_COMPOSITION = re.compile(
    r"((wt|mol|weight|mole|molar|mass|vol|volume|feed)_?)?"
    r"(frac|fraction|ratio|percent|pct|composition|share|loading)s?"
    r"(_?([a-z]|\d|[ab]_[ab]|monomer_?[ab12]|comonomer|mol|wt|vol|solvent))?"
    r"|(wt|mol)_(percent|pct|frac|fraction)_?\w?|x_?[ab12]|phi_?[ab12]?|c_[ab12]|r_?[ab]"
)
_SHARE = (
    "((wt|mol|weight|mole|molar|mass|vol|volume)_?)?"
    "(frac|fraction|ratio|percent|pct|content|wt|mol|conc|concentration|molality|molarity|amount"
    "|loading)(_(m|mol_kg|mol_l|wt|mol|g_g|phr))?"
)
_PART = "salt|solvent|additive|plastici[sz]er|filler|dopant|ion|water|crosslinker"
_PAIR = "(li|na|k)_(eo|o|po|monomer|unit)|(eo|o|po|monomer|unit)_(li|na|k)"
"""Ions for each unit that holds them, such as `[Li]/[EO]`."""
_COMPONENT = re.compile(
    rf"{_SHARE}(_of)?_({_PART})|({_PART})_({_SHARE}|{_PAIR})(_({_PAIR}))?|(r_)?({_PAIR})(_ratio)?"
)
"""The amount of what is no part of the chain."""
_OTHER_SHARE = re.compile(
    r"(mol|mole|wt|weight|mass|vol|volume|feed|phi|w|x|wf|mf|xf|n)"
    r"(_?(pct|percent|frac|fraction|ratio|content))?_?([a-f]|[0-6])"
)
"""Fractions that are given a second time, such as by weight beside those by mole."""
_SPREAD = re.compile(
    r".+_(std|sd|stdev|std_dev|stddev|stderr|std_err|sem|unc|uncertainty|err|error|var|ci|ci95)"
    r"|(std|stdev|stddev|sem|uncertainty)_.+"
)
_COUNT = re.compile(
    r"(.+_)?(count|counts|n_obs|n_samples|n_points|n_runs|n_rep|n_reps|replicates?|sl_num|sl_no|s_no)"
    r"|dp|degree_of_polymeri[sz]ation|n_(mol|mols|molecules|chain|chains|atom|atoms|monomers?|units?)"
    r"|num_(mol|mols|molecules|chain|chains|atom|atoms|monomers?|units?)"
)
_BY_WORDS: tuple[tuple[re.Pattern[str], Role], ...] = (
    (_SPREAD, "spread"),
    (_COUNT, "count"),
    (_CONDITION, "condition"),
    (_COMPOSITION, "composition"),
)
SETTINGS: tuple[Role, ...] = ("condition", "composition", "second_unit")
"""What tells two rows of one repeat unit apart."""


def role_of(words: str, mixture: bool = False) -> Role | None:
    """What a column of numbers is, by its name; None where it may be a property.

    Args:
        words: the name in lower case with `_` between its words.
        mixture: whether the table's rows are compositions, which may have a salt beside them.
    """
    if mixture and (_COMPONENT.fullmatch(words) or _OTHER_SHARE.fullmatch(words)):
        return "composition"
    return next((role for pattern, role in _BY_WORDS if pattern.fullmatch(words)), None)
