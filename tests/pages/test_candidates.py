"""The Candidates page: lists, a specification, the table, notes, files; Keep on Predict."""

import shutil

import pytest

from engine.candidates import history, job, lists, worker
from engine.candidates.answers import model_key
from engine.candidates.intake import of_lines
from engine.candidates.rows import NewCandidate
from engine.candidates.store import CandidateList


@pytest.fixture(autouse=True)
def no_lists(tiny_run) -> None:
    """The workspace of the run serves all tests of this file: each begins without lists."""
    shutil.rmtree(lists.folder())


def _list(text: str = "*CC(*)c1ccccc1 first\nPMMA\nnylon\n*CCO*\n*C[Fe]C*") -> CandidateList:
    made = lists.create_list("Mine")
    made.add(of_lines(text))
    return made


def _table(app):
    return app.dataframe[0].value


def test_without_a_list_the_page_says_how_to_begin(tiny_run, open_page):
    app = open_page("candidates", model=tiny_run.id)
    assert not app.exception
    assert "no candidate yet" in app.info[0].value
    app.text_area(key="pasted candidates").set_value("# mine\n---")
    app.button(key="FormSubmitter:paste candidates-Add these").click().run()
    assert "2 lines were left out" in app.warning[0].value
    app.text_area(key="pasted candidates").set_value("PMMA\n*CCO* linker")
    app.button(key="FormSubmitter:paste candidates-Add these").click().run()
    assert not app.exception
    assert app.success[0].value == "2 lines became candidates."
    (made,) = lists.all_lists()
    assert (made.name, made.size) == (lists.FIRST, 2)
    assert _table(app)["name"].tolist() == [
        "Poly(methyl methacrylate)",
        "Poly(ethylene oxide) · linker",
    ]


def test_lines_of_which_none_can_be_used_are_no_success(tiny_run, open_page):
    app = open_page("candidates", list=_list("PMMA").id, model=tiny_run.id)
    app.text_area(key="pasted candidates").set_value("hello world")
    app.button(key="FormSubmitter:paste candidates-Add these").click().run()
    assert not app.success
    assert "1 of them has no repeat unit" in app.warning[0].value


def test_what_became_of_lines_is_told_until_the_list_is_another(tiny_run, open_page):
    made = _list("PMMA")
    app = open_page("candidates", list=made.id, model=tiny_run.id)
    assert not app.success
    app.text_area(key="pasted candidates").set_value("PMMA\n*CCO*\n*OCC*\nhello world\n# no")
    app.button(key="FormSubmitter:paste candidates-Add these").click().run()
    assert not app.exception
    for words in (
        "4 lines became candidates. 1 of them has no repeat unit",
        "1 polymer was on the list already and 1 polymer was given more than once; nothing was",
        "1 line was left out",
    ):
        assert words in app.success[0].value
    assert len(_table(app)) == 5
    made.remove(made.ids()[:1])
    app.run()
    assert not app.success


def test_a_list_is_predicted_and_shown_with_reasons(tiny_run, open_page):
    made = _list()
    app = open_page("candidates", list=made.id, model=tiny_run.id)
    assert not app.exception
    assert made.waiting(model_key(tiny_run.bundle, {})) == []
    table = _table(app)
    assert len(table) == 5
    assert "class of polymers" in table["remark"].iloc[2]
    assert table["name"].iloc[2] == "nylon"
    assert "iron" in table["remark"].iloc[4]
    assert table["Tg"].notna().tolist() == [True, True, False, True, True]
    assert table["structure"].iloc[0].startswith("data:image/svg+xml")


def test_a_specification_orders_the_list_and_stays_with_it(tiny_run, open_page):
    made = _list()
    app = open_page("candidates", list=made.id, model=tiny_run.id)
    app.text_input(key=f"specification of {made.id}").set_value("Tg > 20, Tg high").run()
    assert not app.exception
    table = _table(app)
    likely = table["all met"].dropna()
    assert likely.iloc[:3].is_monotonic_decreasing
    assert "*C[Fe]C*" in table["name"].iloc[3:].tolist()
    assert any("Understood as: Tg" in each.value for each in app.caption)
    again = open_page("candidates", list=made.id, model=tiny_run.id)
    assert again.text_input(key=f"specification of {made.id}").value == "Tg > 20, Tg high"
    again.text_input(key=f"specification of {made.id}").set_value("Tg about 20").run()
    assert "no requirement that can be read" in again.error[0].value


def test_columns_of_the_file_are_shown_and_sorted_by_as_numbers(tiny_run, open_page):
    made = lists.create_list("Mine")
    rows = [("*CCO*", "9.5"), ("*CC*", "100"), ("*CCC*", "20")]
    made.add(NewCandidate(unit, unit, extra={"name": cell, "Tg": "x"}) for unit, cell in rows)
    app = open_page("candidates", list=made.id, model=tiny_run.id)
    app.selectbox(key="order of order of adding").set_value("name (from the file)").run()
    assert not app.exception
    assert _table(app)["name_"].tolist() == [100, 20, 9.5]
    given = "given: the line or the cell as it was"
    assert app.multiselect(key=f"own columns of {made.id}").options == [given, "name", "Tg"]
    app.multiselect(key=f"own columns of {made.id}").set_value(["Tg", "given"]).run()
    assert {"name_", "Tg_"} < {*_table(app).columns}
    assert _table(app)["given"].tolist() == ["*CC*", "*CCC*", "*CCO*"]
    assert _table(app)["Tg"].notna().all()


def test_repeat_units_take_the_place_of_monomers(tiny_run, open_page):
    made = _list("C=Cc1ccccc1\nC=CC=C\nnylon\nxx[")
    styrene, butadiene, nylon, _ = made.ids()
    made.write_note(styrene, "fresh", before="")
    app = open_page("candidates", list=made.id, model=tiny_run.id)
    fields = {n: app.multiselect(key=f"unit for {made.id} {n}") for n in made.ids()[:3]}
    assert [len(fields[n].value) for n in fields] == [1, 0, 0], "what leaves no doubt is chosen"
    fields[butadiene].set_value(fields[butadiene].options[:2])
    app.button(key="FormSubmitter:put repeat units-Put these in their place").click().run()
    assert not app.exception
    found = {each.id: each for each in made.candidates()}
    assert found[styrene][1:4] == ("C=Cc1ccccc1", "*CC(*)c1ccccc1", "Polystyrene")
    assert (found[styrene].note, found[styrene].problem) == ("fresh", "")
    assert found[butadiene].unit != found[max(found)].unit is not None
    assert found[nylon].unit is None
    assert _table(app)["Tg"].notna().sum() == 3


def test_a_long_list_goes_to_a_process(tiny_run, open_page, monkeypatch):
    started = []
    monkeypatch.setattr(
        "pages.parts.candidates.predicting.start_job",
        lambda list_, folder, given: (
            started.append(list_.id),
            job.write_job(list_, job.Job(state="failed", model=str(folder), words="no disk.")),
        ),
    )
    made = _list("\n".join(f"*{'C' * n}O*" for n in range(1, 80)))
    app = open_page("candidates", list=made.id, model=tiny_run.id)
    assert started == [made.id]
    assert any("no disk. 79 candidates of this list wait" in each.value for each in app.warning)
    assert [each.label for each in app.button if each.label == "Go on"]


def test_a_long_file_is_screened_and_its_best_rows_become_candidates(
    tiny_run, open_page, monkeypatch
):
    monkeypatch.setattr(job, "spawn", lambda *_: None)
    app = open_page("candidates", model=tiny_run.id)
    rows = "".join(f"u{n},*{'C' * n}O*\n" for n in range(1, 31))
    app.file_uploader[1].upload("many.csv", f"id,SMILES\n{rows}".encode(), "text/csv").run()
    app.text_input(key="screening specification ").set_value("Tg high, Density high")
    app.button(key="screen").click().run()
    assert "cannot be chosen by both" in app.error[0].value
    app.text_input(key="screening specification ").set_value("Tg high")
    app.number_input(key="how many of the best").set_value(3)
    app.button(key="screen").click().run()
    assert not app.exception
    (made,) = [CandidateList(path) for path in lists.folder().glob("*.db")]
    assert made.setting("specification") == "Tg high"
    stopped = job.Job(state="stopped", model=str(tiny_run.bundle), done=10, total=30)
    job.write_job(made, stopped)
    app = open_page("candidates", list=made.id, model=tiny_run.id)
    assert "It looks for the 3 best of many.csv by “Tg as high" in app.warning[0].value
    assert "What is done, 10 of 30 rows, is kept." in app.warning[0].value
    app.button(key="go on screening").click().run()
    assert worker.main(made.id) == 0
    app = open_page("candidates", list=made.id, model=tiny_run.id)
    assert not app.exception
    assert app.success[0].value.startswith("Of 30 rows of many.csv, the best 3 are on this list.")
    assert len(_table(app)) == 3
    app.button(key="close what was screened").click().run()
    assert not app.success
    # The best of another file go onto a list of their own.
    app.file_uploader[1].upload("more.csv", f"id,SMILES\n{rows}".encode(), "text/csv").run()
    app.text_input(key=f"screening specification {made.id}").set_value("Tg low")
    app.button(key="screen").click().run()
    assert not app.exception
    assert {each.name for each in lists.all_lists()} == {lists.FIRST, "Best of more.csv"}
    assert len(made.candidates()) == 3


def test_lists_are_made_renamed_removed_and_brought_back(tiny_run, open_page):
    made = _list()
    app = open_page("candidates", list=made.id, model=tiny_run.id)
    app.text_input(key="new list name").set_value("Second")
    app.button(key="FormSubmitter:new list-Make a list").click().run()
    assert {each.name for each in lists.all_lists()} == {"Mine", "Second"}
    second = next(each for each in lists.all_lists() if each.name == "Second")
    assert app.selectbox(key="candidates: list").value == second.id
    app.text_input(key=f"name of {second.id}").set_value("Mine")
    app.button(key="FormSubmitter:rename list-Rename").click().run()
    assert "already" in app.error[0].value
    remove = next(each for each in app.button if each.label.startswith("Remove this list"))
    remove.click().run()
    assert [each.name for each in lists.all_lists()] == ["Mine"]
    back = next(each for each in app.button if each.label.startswith("Bring back the list"))
    back.click().run()
    assert len(lists.all_lists()) == 2


def test_a_link_to_a_list_that_is_gone_says_so(tiny_run, open_page):
    _list()
    app = open_page("candidates", list="20200101-000000-gone-abcd", model=tiny_run.id)
    assert any("no list" in each.value for each in app.warning)
    assert app.dataframe


@pytest.mark.parametrize("form", ["CSV", "SDF, structures with all columns"])
def test_files_are_made(tiny_run, open_page, form):
    made = _list()
    app = open_page("candidates", list=made.id, model=tiny_run.id)
    app.selectbox(key="candidates file form").set_value(form).run()
    next(each for each in app.button if each.label == "Make the file").click().run()
    assert not app.exception
    assert not app.error
    without = [each.value for each in app.caption if "no structure" in each.value]
    assert without == (["1 of 5 has no structure and will be left out."] if "SDF" in form else [])
    (found,) = app.get("download_button")
    assert found.proto.label.startswith("Download Mine")
    # As a process does that predicts the list meanwhile: what was made can still be taken.
    made.add(of_lines("*CCCCO*"))
    app.run()
    assert app.get("download_button")
    assert any("has changed since" in each.value for each in app.caption)
    assert any(each.label == "Make it anew" for each in app.button)


def test_a_note_of_another_window_is_kept(tiny_run, open_page, monkeypatch):
    made = _list("PMMA")
    (number,) = made.ids()
    monkeypatch.setattr(
        "pages.parts.candidates.table.show_table", lambda look, shown, columns: [number]
    )
    app = open_page("candidates", list=made.id, model=tiny_run.id)
    key = f"note {made.id} {number}"
    made.write_note(number, "of the other window", before="")
    app.text_area(key=key).set_value("mine").run()
    assert made.candidates()[0].note == "of the other window\nmine"
    assert app.text_area(key=key).value == "of the other window\nmine"
    app.text_area(key=key).set_value("both").run()
    assert made.candidates()[0].note == "both"


def test_keep_puts_the_molecule_on_the_list_once(tiny_run, open_page):
    app = open_page("predict", smiles="*CCO*", model=tiny_run.id)
    for _ in range(2):
        next(each for each in app.button if each.label == "Keep").click().run()
        assert not app.exception
    (made,) = lists.all_lists()
    (kept,) = lists.open_list(made.id).candidates()
    assert (kept.unit, kept.name, kept.origin) == ("*CCO*", "Poly(ethylene oxide)", "Predict")


def test_the_history_leads_back(tiny_run, open_page):
    app = open_page("predict", smiles="*CCO*", model=tiny_run.id)
    app.text_input(key="smiles").set_value("*CC(*)C").run()
    assert [each.unit for each in history.remembered("")][:2] == ["*CC(*)C", "*CCO*"]
    number = history.remembered("")[1].id
    app.run()
    app.button(key=f"history {number}").click().run()
    assert app.text_input(key="smiles").value == "*CCO*"
    assert history.remembered("")[0].unit == "*CCO*"
