"""What mixing rules say of a mixture, as a table, and what to know of its units."""

import pandas as pd
import streamlit as st

from engine.base.wording import listed
from engine.inference.bundle import BundleInfo
from engine.inference.mixing import Estimate, rules_of
from engine.inference.over_compositions import Answers
from engine.settings.properties import Property
from pages.parts.formatting import number, number_range, plain, without_unit


def warn_outside(info: BundleInfo, units: Answers, names: list[str]) -> None:
    """Say which units are outside the domain: no rule is better than what it mixes.

    Args:
        info: of the model.
        units: its answers to N homopolymers.
        names: of these.
    """
    for row, name in enumerate(names):
        outside = [each for each in info.answer_names if units.outside[each][row]]
        if outside:
            words = f"{name} is outside the applicability domain for {listed(outside)}"
            st.warning(plain(f"{words}. {units.warnings[row]}".strip()), icon=":material/warning:")


def show_rules(
    answers: list[Property],
    names: list[str],
    units: Answers,
    found: dict[str, list[Estimate]],
    predicted: dict[str, str] | None = None,
) -> None:
    """A row for each property and rule.

    Args:
        answers: the properties.
        names: of N homopolymers, each another one.
        units: the model's answers to them.
        found: by property, what rules say of one mixture.
        predicted: by property, what the model predicts of it, in words, where it does.
    """
    rows, mixture = [], "by the rule" if predicted else "mixture"
    for property_ in answers:
        bare = without_unit(property_)
        values = units.values[property_.name]
        model = {"model": predicted[property_.name]} if predicted else {}
        own = {name: number(bare, value) for name, value in zip(names, values, strict=True)}
        if not found[property_.name]:
            why = "needs a density" if rules_of(property_) else "no rule"
            none = {mixture: "–", "range": "–", "rule": why}
            rows.append({"property": property_.label, **model, **none, **own})
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
