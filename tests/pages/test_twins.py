"""Runs of one name that ended in the same minute are told apart wherever one is chosen."""

import time

import pytest

from engine.runs import Run, find_run, store
from tests.pages.conftest import finished

pytestmark = pytest.mark.usefixtures("no_supervisor")


@pytest.fixture
def twins(empty_workspace) -> list[Run]:
    """Two finished runs that differ in nothing but their ids, and a third with another name."""
    return [_finished_as(end, name) for end, name in (("aaaa", "a"), ("bbbb", "a"), ("cccc", "c"))]


def test_in_the_list_of_models(twins, open_page):
    app = open_page("submission")
    _check_labels(app.selectbox[0].options)
    for run in twins:
        app.selectbox[0].set_value(run.id).run()
        assert not app.exception
        assert app.session_state["model chosen"] == run.id


def test_in_the_list_of_finished_runs(twins, open_page):
    app = open_page("errors")
    _check_labels(app.selectbox[0].options)
    for run in twins:
        app.selectbox[0].set_value(run.id).run()
        assert app.query_params["run"] == run.id


def test_in_the_list_of_runs_to_compare(twins, open_page):
    app = open_page("compare")
    _check_labels(app.multiselect[0].options)
    ids = [run.id for run in twins]
    app.multiselect[0].set_value(ids).run()
    assert not app.exception
    assert app.query_params["runs"] == ",".join(ids)
    assert app.table[0].value.columns.tolist() == ["a (aaaa)", "a (bbbb)", "c"]


def _finished_as(end: str, name: str) -> Run:
    run = finished()
    own = f"{run.id[:-4]}{end}"
    same = dict.fromkeys(("created", "started", "finished"), time.mktime((2026,) + (1,) * 8))
    store.update(run.id, id=own, name=name, **same)
    run.folder.rename(run.folder.with_name(own))
    return find_run(own)


def _check_labels(labels: list[str]) -> None:
    """Each is there once; only those that would be there twice hold the end of an id."""
    assert len(labels) == len({*labels}) == 3
    ends = ["(aaaa)", "(bbbb)", "(cccc)"]
    assert [sum(end in label for label in labels) for end in ends] == [1, 1, 0]
