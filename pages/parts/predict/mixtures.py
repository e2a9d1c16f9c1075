"""What mixing rules say of a mixture, as a table, and what to know of its units."""

import pandas as pd
import streamlit as st

from engine.base.wording import listed
from engine.inference.bundle import BundleInfo
from engine.inference.homopolymers import Homopolymers
from engine.inference.mixing import Estimate
from engine.settings.properties import Property
from pages.parts.formatting import number, number_range, plain, without_unit


def warn_outside(info: BundleInfo, units: Homopolymers, names: list[str]) -> None:
    """Say which units are outside the domain: no rule is better than what it mixes.

    Args:
        info: of the model.
        units: N homopolymers.
        names: of these.
    """
    of_model = units.predicted
    for row, name in enumerate(names):
        outside = [
            each
            for each in info.answer_names
            if of_model.outside[each][row] and not units.measured[each][row]
        ]
        if outside:
            words = f"{name} is outside the applicability domain for {listed(outside)}"
            said = f"{words}. {of_model.warnings[row]}".strip()
            st.warning(plain(said), icon=":material/warning:")


def show_rules(
    answers: list[Property],
    names: list[str],
    units: Homopolymers,
    found: dict[str, list[Estimate]],
    predicted: dict[str, str] | None = None,
) -> None:
    """A row for each property and rule.

    Args:
        answers: the properties.
        names: of N homopolymers, each another one.
        units: these.
        found: by property, what rules say of one mixture; at least one.
        predicted: by property, what the model predicts of it, in words, where it does.
    """
    rows, mixture = [], "by the rule" if predicted else "mixture"
    for property_ in answers:
        bare = without_unit(property_)
        model = {"model": predicted[property_.name]} if predicted else {}
        own = {
            name: number(bare, value) + (", measured" if is_measured else "")
            for name, value, is_measured in zip(
                names, units.values[property_.name], units.measured[property_.name], strict=True
            )
        }
        for each in found[property_.name]:
            low, high = each.low[0], each.high[0]
            rows.append(
                {
                    "property": property_.label,
                    **model,
                    mixture: number(bare, each.values[0]),
                    "range": number_range(bare, low, high) if low == low else "–",
                    "rule": rule_words(each),
                    **own,
                    "formula": each.rule.formula,
                    "source": each.rule.source,
                }
            )
    st.dataframe(
        pd.DataFrame(rows).fillna(""),
        hide_index=True,
        height="content",
        alt="The mixture's properties by mixing rules",
    )


def rule_words(estimate: Estimate) -> str:
    """The name of a rule, with its k where it has one."""
    if estimate.k is None:
        return estimate.rule.name
    return f"{estimate.rule.name}, k = {', '.join(f'{k:.2f}' for k in estimate.k[1:])}"
