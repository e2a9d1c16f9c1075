"""What a user can do with a run besides watching it: stop, resume, reorder, clone, delete."""

from collections.abc import Callable

import streamlit as st

from engine.runs import (
    RESUMABLE,
    Run,
    archive_run,
    delete_run,
    disk_use,
    empty_trash,
    in_line,
    kept_words,
    list_runs,
    move_up,
    note_run,
    rename_run,
    restore,
    resume_run,
    stop_run,
    trashed,
)
from engine.runs.records import LONGEST
from engine.runs.trash import DAYS
from pages.parts.formatting import date_and_time, file_size, plain, sentence
from pages.parts.page_guard import part, show_failure
from pages.parts.train.intake import take_clone

_CLONING = "monitor cloning"
"""In the session: that a run is to be cloned on the Train page."""
_DELETED = "monitor deleted"
"""In the session: the id of the run that was deleted last."""
_PROBLEM = "monitor problem"
"""In the session: the error of a callback, for the page that is drawn next."""


def attempt(act: Callable, *arguments: object) -> bool:
    """Do something in a callback; what goes wrong is said on the page drawn next.

    Returns:
        Whether it was done.
    """
    try:
        act(*arguments)
    except Exception as error:
        st.session_state[_PROBLEM] = error
        return False
    return True


def show_problem() -> None:
    """Show what went wrong in the last callback, once."""
    if problem := st.session_state.pop(_PROBLEM, None):
        show_failure(problem)


@part
def offer_stop(run: Run) -> None:
    """A button that asks before it stops a run."""
    if run.state == "stopping":
        st.caption(
            ":material/hourglass_top: Stopping…",
            help="It ends after its present step, or by force after ten seconds.",
        )
    elif run.state == "running":
        with st.popover("Stop this run", icon=":material/stop_circle:"):
            st.write(
                "Its curves, its log and its checkpoints stay. There will be no model yet, but "
                "the run can be resumed: it then goes on where it was."
            )
            st.button(
                "Yes, stop it",
                type="primary",
                key="stop",
                on_click=attempt,
                args=(stop_run, run, False),
            )


@part
def offer_resume(run: Run) -> None:
    """A button for a run that ended before it was done, with what is kept of it."""
    if run.state not in RESUMABLE:
        return
    words = kept_words(run)
    if not words.endswith("kept"):
        st.caption("Nothing of it was kept: if resumed, it begins anew.")
    elif words not in run.reason:
        st.caption(plain(sentence(words)))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Resume",
            type="primary",
            icon=":material/resume:",
            key="resume",
            on_click=attempt,
            args=(resume_run, run),
            help="It goes on from its last checkpoint and ends with the same model as if it had "
            "never been interrupted.",
        )
        _offer_clone(run, "Train again…", ":material/model_training:", "train again")


@part
def show_place(run: Run) -> None:
    """Where a waiting run stands in line, and what can be done about it."""
    if run.place == "slurm":
        words = run.reason or "It is about to be given to Slurm."
        st.info(plain(words), icon=":material/hourglass_empty:")
        _offer_cancel(run)
        return
    runs = list_runs()
    waiting = in_line(runs)
    place = next((n for n, other in enumerate(waiting, start=1) if other.id == run.id), 1)
    here = [other for other in runs if other.place == "here"]
    working = [other for other in here if other.state in ("running", "stopping")]
    if run.reason:
        st.warning(plain(run.reason), icon=":material/error:")
    st.info(_place_words(place, waiting, working), icon=":material/hourglass_empty:")
    with st.container(horizontal=True):
        if place > 1:
            st.button(
                "Move up",
                icon=":material/arrow_upward:",
                key="move up",
                on_click=attempt,
                args=(move_up, run),
                help=plain(f"It swaps places with {waiting[place - 2].name}."),
            )
        _offer_cancel(run)


def _offer_cancel(run: Run) -> None:
    st.button(
        "Cancel",
        icon=":material/close:",
        key="cancel",
        on_click=attempt,
        args=(stop_run, run, False),
        help="It leaves the line; it can be resumed later.",
    )


def _place_words(place: int, waiting: list[Run], working: list[Run]) -> str:
    if not working:
        device = "The device is free; the run is about to start."
    else:
        names = plain(" and ".join(f"“{run.name}”" for run in working[:3]))
        device = f"{names} {'is' if len(working) == 1 else 'are'} using the device."
    start = "It starts by itself." if working or place > 1 else ""
    where = f"Place {place:,} of {len(waiting):,} in line." if len(waiting) > 1 else "Next in line."
    return " ".join(filter(None, [where, device, start]))


def go_to_clone() -> None:
    """Leave for the Train page when a run is to be cloned there."""
    if st.session_state.pop(_CLONING, None):
        st.switch_page("pages/train.py")


def _offer_clone(run: Run, label: str, icon: str, key: str) -> None:
    st.button(
        label,
        icon=icon,
        key=key,
        on_click=_clone,
        args=(run,),
        help="Opens the Train page with this run's table and settings, for you to change.",
    )


def _clone(run: Run) -> None:
    st.session_state[_CLONING] = attempt(take_clone, run)


@part
def offer_management(run: Run) -> None:
    """Rename, note, clone, archive and delete."""
    with st.popover("Manage", icon=":material/more_vert:"):
        st.text_input(
            "Name",
            run.name,
            max_chars=LONGEST,
            key=f"name {run.id}",
            on_change=_rename,
            args=(run,),
        )
        st.text_area(
            "Note",
            run.note,
            max_chars=2000,
            placeholder="What this run is for, what you saw",
            key=f"note {run.id}",
            on_change=_note,
            args=(run,),
        )
        _offer_clone(run, "Clone…", ":material/content_copy:", "clone")
        if run.alive:
            st.caption("A run can be archived or deleted once it has ended.")
            return
        size = file_size(disk_use(run))
        st.button(
            "Back to the list" if run.archived else "Archive",
            icon=":material/unarchive:" if run.archived else ":material/archive:",
            key="archive",
            on_click=attempt,
            args=(archive_run, run, not run.archived),
            help="An archived run leaves the list, but keeps its files and its model.",
        )
        _offer_delete(run, size)


def _offer_delete(run: Run, size: str) -> None:
    st.divider()
    st.caption(
        f"Its files take {size} of disk. A deleted run can be restored for {DAYS} days, from the "
        "list of runs."
    )
    st.button(
        f"Delete, with {_deleted_files(run)}",
        type="primary",
        icon=":material/delete:",
        key="delete",
        on_click=_delete,
        args=(run,),
    )


def _deleted_files(run: Run) -> str:
    if run.state == "done":
        return "its model, curves and log"
    return "its checkpoints, curves and log"


def _rename(run: Run) -> None:
    key = f"name {run.id}"
    if not attempt(rename_run, run, st.session_state[key]):
        st.session_state[key] = run.name


def _note(run: Run) -> None:
    attempt(note_run, run, st.session_state[f"note {run.id}"])


def _delete(run: Run) -> None:
    if attempt(delete_run, run):
        st.query_params.pop("run", None)
        st.session_state[_DELETED] = run.id


@part
def show_deleted() -> None:
    """Say that a run was just deleted, with a button that undoes it; and what the trash holds."""
    deleted = trashed()
    just = next((each for each in deleted if each.run.id == st.session_state.get(_DELETED)), None)
    if just:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/delete: **{plain(just.run.name)}** is deleted.")
            st.button("Undo", icon=":material/undo:", on_click=_restore, args=(just.run,))
    if not deleted:
        return
    size = file_size(sum(each.size for each in deleted))
    with st.expander(f"Deleted runs ({len(deleted):,}, {size})", icon=":material/delete:"):
        for each in deleted:
            with st.container(horizontal=True, vertical_alignment="center"):
                when = date_and_time(each.deleted)
                st.markdown(f"**{plain(each.run.name)}**, deleted {when}, {file_size(each.size)}")
                st.button(
                    "Restore",
                    icon=":material/undo:",
                    key=f"restore {each.run.id}",
                    on_click=_restore,
                    args=(each.run,),
                )
        st.button(
            f"Empty the trash, which frees {size}",
            icon=":material/delete_forever:",
            on_click=attempt,
            args=(empty_trash,),
        )
        st.caption(f"A deleted run is gone for good after {DAYS} days.")


def _restore(run: Run) -> None:
    if attempt(restore, run.id):
        st.session_state.pop(_DELETED, None)
        st.query_params["run"] = run.id
