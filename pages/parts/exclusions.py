"""The labels that a run was trained without, and what that does to a comparison."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from engine.base.wording import counted, listed
from engine.runs import Exclusion, Run
from engine.runs.shared_labels import SharedErrors
from engine.settings.properties import Property, property_for
from pages.parts.formatting import number, plain, title_with_name
from pages.parts.monitor.run_details import error_number, properties_of, settings_of
from pages.parts.page_guard import part


def exclusions_of(run: Run) -> list[Exclusion]:
    """The labels that a run was trained without although its origin's table has them."""
    return [Exclusion(**each) for each in settings_of(run).get("excluded") or []]


@part
def show_exclusions(run: Run, name: str = "") -> None:
    """Say which labels a run was trained without; nothing for a run that has all.

    Args:
        run: the run.
        name: what it is called where there are several.
    """
    excluded = exclusions_of(run)
    if not excluded:
        return
    words = f"{counted(len(excluded), 'label')} excluded"
    properties = properties_of(run)
    rows = [
        {
            "Row": each.row,
            "Id": each.id,
            "Property": each.property,
            "Label": number(_property(properties, each.property), each.label),
            "Repeat unit": each.smiles,
            "Why": each.why,
        }
        for each in excluded
    ]
    title = f"{words} from “{name}”" if name else words
    with st.expander(plain(title), icon=":material/label_off:"):
        st.caption(
            "The run did not learn from these labels and is not scored on them. Rows are those of "
            "the table that the first run was trained on."
        )
        st.dataframe(pd.DataFrame(rows), hide_index=True)


@part
def show_shared_errors(
    names: Mapping[str, Run], shared: SharedErrors, properties: Mapping[str, Property]
) -> None:
    """Say how far off runs are on the labels that all of them have.

    Args:
        names: the runs, by the names that they are shown with.
        shared: their errors on these labels, in the same order.
        properties: those that some of the runs exclude labels of, by name.
    """
    out = [
        f"“{name}” leaves {counted(len(excluded), 'label')} out"
        for name, run in names.items()
        if (excluded := exclusions_of(run))
    ]
    everyone = "both" if len(names) == 2 else "all"
    st.info(
        plain(
            f"{listed(out)}, so the errors above are not all measured on the same labels. Here "
            f"are the errors on those that {everyone} of these runs have."
        ),
        icon=":material/label_off:",
    )
    for name, property_ in properties.items():
        if name not in shared.mae:
            continue
        errors = listed(
            [
                f"{_with_unit(property_, error)} for “{run}”"
                for run, error in zip(names, shared.mae[name], strict=True)
            ]
        )
        count = counted(shared.counts[name], "label")
        st.markdown(
            plain(
                f"{title_with_name(property_)}: on the {count} that {everyone} have, the mean "
                f"absolute error is {errors}."
            )
        )


def _with_unit(property_: Property, value: float) -> str:
    return f"{error_number(property_, value)} {property_.errors.unit}".strip()


def _property(properties: Mapping[str, Property], name: str) -> Property:
    return properties.get(name, property_for(name))
