"""The settings of a run: how much to train, on which folds, under which name, on which devices."""

from hashlib import sha256

import streamlit as st

from engine.base.errors import UserError
from engine.base.hardware import Hardware, detect
from engine.base.workspace import subfolder, write_atomic
from engine.runs import MAX_SEED, RunConfig
from engine.runs.records import LONGEST
from engine.settings.devices import DeviceSettings
from engine.settings.estimate import recommended_preset, rough_minutes, usual_presets
from engine.settings.presets import PRESETS, Preset, choose
from engine.table import Table, read_table
from engine.table.composition_folds import KINDS, holds_compositions
from engine.table.folds import MOST_FOLDS, check_splitter
from pages.parts.formatting import plain, rough_duration, show_error
from pages.parts.layout import place_of, upload_table
from pages.parts.train.devices import choose_devices
from pages.parts.train.resource_estimate import show_resource_estimate
from pages.parts.train.said import chosen_columns, said

_USUAL_FOLDS = 5
_MORE = "More"
_FOLDS = {
    "random": "Random",
    "similarity": "By similarity",
    "pair": "By pair of units",
    "unit": "By unit never seen",
    "column": "A column of the table",
    "file": "A file of folds",
}
_FOLD_WORDS = {
    "random": "Rows are dealt out by chance: the usual estimate of the error on polymers like "
    "those in the table.",
    "similarity": "Similar repeat units stay together: a harder test, which shows how the model "
    "does on chemistry that it has not seen.",
    "column": "Rows with the same value in the column are one fold.",
    "file": "A table with the ids of your rows and a column that names the fold of each.",
}
_FOLD_WORDS_OF_COPOLYMERS = _FOLD_WORDS | {
    "random": "Each composition is dealt out by chance: how well new fractions of known pairs of "
    "units are predicted.",
    "similarity": "Copolymers of similar repeat units stay together, whatever their fractions: how "
    "well chemistry that the model has not seen is predicted.",
    "pair": "Copolymers of the same repeat units stay together: how well new pairs of known units "
    "are predicted.",
    "unit": "Each fold holds out repeat units that no training row has: how well copolymers with a "
    "unit never seen are predicted.",
}


def choose_settings(file: dict, table: Table, measure: bool) -> RunConfig | None:
    """Show the settings; None while they are not complete.

    Args:
        file: from `intake.choose_file`.
        table: checked, with something to learn.
        measure: whether to say how long the run would take, which may need a measurement.
    """
    # What comes and goes is drawn into a container, so that nothing below it changes its place:
    # the browser rebuilds a field that moves, and loses what was just typed into it. First values
    # are the fields' defaults, not put into the session: what the session sets is sent to the
    # browser in each run, over what is being typed.
    first = _first_settings(file, table)
    hardware = detect()
    st.markdown(f":material/memory: This machine: **{plain(hardware.sentence())}**")
    with st.container():
        count = min(_USUAL_FOLDS, _most_folds(table))
        preset = _choose_preset(hardware, first.preset, len(table.smiles), count)
    with st.container():
        pretrained = _choose_start(choose(preset, hardware), first.pretrained)
    estimate_place = st.container()
    with st.container():
        folds = _choose_folds(file, table, first.folds)
    name, seed = _name_and_seed(file, first)
    use = choose_devices(hardware, first.use)
    if folds is None:
        return None
    if measure:
        with estimate_place:
            show_resource_estimate(table, preset, folds, use)
    if not name:
        return None
    return RunConfig(
        name=name,
        preset=preset,
        folds=folds,
        seed=seed,
        pretrained=pretrained,
        columns=chosen_columns(table),
        units=dict(said().units),
        use=use,
        # The cloned table is without them already; the settings go on naming them.
        excluded=file["clone"].config.excluded if "clone" in file else [],
    )


def _first_settings(file: dict, table: Table) -> RunConfig:
    """The settings that the fields begin with: those of the run that is cloned, or the usual."""
    if "clone" in file:
        return file["clone"].config
    folds = min(_USUAL_FOLDS, _most_folds(table))
    return RunConfig(name=table.title[:LONGEST] or "Table", folds=f"random:{folds}")


def _most_folds(table: Table) -> int:
    return min(MOST_FOLDS, len(table.smiles))


def _name_and_seed(file: dict, first: RunConfig) -> tuple[str, int]:
    name_place, seed_place = st.columns([3, 1])
    name = name_place.text_input(
        "Name of the run",
        first.name,
        max_chars=LONGEST,
        key=f"train name {file['key']}",
        help="To find it again in the list of runs.",
    )
    seed = seed_place.number_input(
        "Seed",
        0,
        MAX_SEED - 1,
        first.seed,
        key="train seed",
        help="The start of everything random: the same seed on the same machine gives the same "
        "folds and the same start of the networks.",
    )
    with st.container():
        if not name.strip():
            st.warning("Give the run a name.", icon=":material/warning:")
    return name.strip(), seed


def _choose_preset(hardware: Hardware, first: str, rows: int, folds: int) -> str:
    """One of three, or another one under *More*.

    Args:
        hardware: what was detected.
        first: the preset that the field begins with; `auto` for the recommended one.
        rows, folds: of the run, as far as they are known.
    """
    usual, recommended = usual_presets(hardware), recommended_preset(hardware, rows, folds)
    others = [name for name in PRESETS if name not in usual]
    first = recommended if first == "auto" else first
    chosen = st.radio(
        "How much to train",
        [*usual, _MORE],
        place_of(_MORE if first in others else first, [*usual, _MORE]),
        format_func=lambda name: _MORE if name == _MORE else PRESETS[name].title,
        captions=[
            *(_usual_words(name, name == recommended, hardware, rows, folds) for name in usual),
            "Presets for other devices, and to compare with.",
        ],
        key="train preset",
        help="A preset is all settings of a run but its table, folds and seed: which members are "
        "trained, and how long. A member is one of the models whose weighted mean is the answer.",
    )
    if chosen == _MORE:
        chosen = st.selectbox(
            "Preset",
            others,
            place_of(first, others),
            format_func=lambda name: PRESETS[name].title,
            key="train preset more",
        )
        st.caption(plain(_summary(PRESETS[chosen])))
    if chosen == "gpu" and not hardware.gpus:
        st.warning(
            "This machine has no CUDA GPU: on its CPU this takes many times longer than the "
            "preset “CPU”.",
            icon=":material/warning:",
        )
    for line in PRESETS[chosen].devices_for(DeviceSettings(), len(hardware.gpus))[1]:
        st.warning(line, icon=":material/warning:")
    return chosen


def _usual_words(name: str, recommended: bool, hardware: Hardware, rows: int, folds: int) -> str:
    """What a preset is for, how long it takes here, and whether it is the one to take."""
    words = plain(_summary(PRESETS[name]))
    if not hardware.gpus:
        # Of GPUs no time was measured yet.
        minutes = rough_minutes(PRESETS[name], rows, folds, hardware.cores)
        about = f"About {rough_duration(60 * minutes)}" if minutes >= 1 else "Under a minute"
        words += f" {about} for this table on this machine."
    return f"**Recommended.** {words}" if recommended else words


def _summary(preset: Preset) -> str:
    if preset.canonical_units:
        return preset.summary
    return f"{preset.summary} Another drawing of a polymer gets other values."


def _choose_start(preset: Preset, first: bool) -> bool:
    """Whether networks start from the encoder; asked for presets that have it so."""
    if not preset.starts_from_encoder:
        return first
    return st.checkbox(
        "Start PolyGIN from the pretrained encoder",
        first,
        key="train pretrained",
        help="The encoder has learned the structures of many polymers, and no property of any. "
        "It helps most where labels are few and follow from the structure of the unit, as "
        "electronic properties do, and hardly for a Tg.",
    )


def _choose_folds(file: dict, table: Table, first: str) -> str | None:
    """The folds as `engine.runs` reads them; None while the choice is not complete."""
    columns = _fold_columns(table)
    words = _FOLD_WORDS
    if holds_compositions(table.canonical):
        words = _FOLD_WORDS_OF_COPOLYMERS
    kinds = [kind for kind in _FOLDS if kind in words and (kind != "column" or columns)]
    first_kind, _, which = first.partition(":")
    kind = st.radio(
        "How rows are divided into folds",
        kinds,
        place_of(first_kind, kinds),
        format_func=_FOLDS.get,
        captions=[words[kind] for kind in kinds],
        key="train folds",
        help="Each fold is predicted once by models that were trained on all the others, so every "
        "error figure comes from rows that the model has not seen.",
    )
    if kind == "column":
        column = st.selectbox(
            "Column", columns, place_of(which, columns), key=f"train fold column {file['key']}"
        )
        return f"column:{column}"
    if kind == "file":
        return _fold_file()
    most = _most_folds(table)
    count = st.number_input(
        "Number of folds",
        2,
        most,
        min(_USUAL_FOLDS if first_kind == "column" else int(which), most),
        key=f"train fold count {file['key']}",
        width=200,
    )
    spec = f"{kind}:{count}"
    if kind in KINDS:
        try:
            check_splitter(spec, table.canonical)
        except UserError as error:
            show_error(error)
            return None
    return spec


def _fold_columns(table: Table) -> list[str]:
    """The unused columns without gaps, with as many different values as there may be folds."""
    used = {table.report.columns.smiles, *table.report.columns.properties}
    used |= {property_.base for property_ in table.properties}
    frame = table.raw.frame
    return [
        name
        for name in frame
        if name not in used
        and frame[name].notna().all()
        and 2 <= frame[name].nunique() <= MOST_FOLDS
    ]


def _fold_file() -> str | None:
    """Take a file of folds into the workspace, and ask for its column."""
    uploaded = upload_table("File of folds", "train fold file", "It needs a column “id”.")
    if uploaded is None:
        st.info("Upload the file of folds to go on.", icon=":material/arrow_upward:")
        return None
    data = uploaded.getvalue()
    try:
        raw = read_table(data, uploaded.name)
    except UserError as error:
        show_error(error)
        return None
    names = [name for name in raw.frame if name != "id"]
    if len(names) == len(raw.frame.columns) or not names:
        show_error(
            UserError(f"{uploaded.name} needs a column “id” and at least one column of folds.")
        )
        return None
    column = st.selectbox("Column with the folds", names, key="train fold file column")
    # A name of our own: the uploaded one may hold anything.
    path = subfolder("uploads") / f"folds-{sha256(data).hexdigest()[:16]}"
    if not path.exists():
        write_atomic(path, data)
    return f"{path}:{column}"
