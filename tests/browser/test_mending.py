"""A table is mended in the browser, and the file of mends does the same on the command line."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import Page, TimeoutError, expect

from engine.table.mended import mended_table
from engine.table.mending_file import read_mending

ROWS = [f"p{n},*CC(*){'C' * n},{n},{n / 4}" for n in range(1, 31)]
MESSY = "\n".join(["id,SMILES,Tg,Stiffness", *ROWS, "bad,*C(*,31,8", "far,*CCCO*,9000,8"])
ROW_HEIGHT = 35


def change(page: Page, grid, row: int, column: int, now: str, keys: Callable[[], None]) -> None:
    """Change a cell of an editable table, and again where a key was lost as it was drawn anew.

    Args:
        grid: the table.
        row, column: of the cell, from 0.
        now: what the cell says afterwards.
        keys: presses them once the cell is chosen.
    """
    cell = grid.get_by_test_id(f"glide-cell-{column}-{row}")
    for _ in range(20):
        if cell.inner_text() == now:
            return
        # What another cell may have opened would take the click.
        page.keyboard.press("Escape")
        grid.scroll_into_view_if_needed()
        box = grid.bounding_box()
        page.mouse.click(box["x"] + 20, box["y"] + ROW_HEIGHT * (row + 1.5))
        for _ in range(column):
            page.keyboard.press("ArrowRight")
        with suppress(AssertionError, TimeoutError):
            expect(cell).to_have_attribute("aria-selected", "true", timeout=2_000)
            keys()
            expect(cell).to_have_text(now, timeout=2_000)
    expect(cell).to_have_text(now)


def open_rows(page: Page, message: str):
    """Open the rows of a finding; returns the table of them."""
    finding = page.get_by_test_id("stHorizontalBlock").filter(has_text=message)
    finding.get_by_role("button", name="Edit").last.click()
    keep = page.locator("th", has_text="Keep")
    return page.get_by_test_id("stDataFrame").filter(has=keep)


def leave_out_first(page: Page, grid) -> None:
    """Take away the tick of the first row."""
    change(page, grid, 0, 1, "false", lambda: page.keyboard.press("Space"))
    page.get_by_text("1 not applied yet").first.wait_for()


def _write(page: Page, text: str) -> None:
    page.keyboard.press("Enter")
    page.locator(".gdg-input").fill(text, timeout=2_000)
    page.keyboard.press("Enter")


def test_cells_and_rows_are_mended_where_a_finding_names_them(app, page: Page, tmp_path: Path):
    table = tmp_path / "messy.csv"
    table.write_text(MESSY)
    page.goto(f"{app.url}/train")
    page.locator("input[type=file]").first.set_input_files(table)
    change(page, open_rows(page, "far from the others"), 0, 4, "20", lambda: _write(page, "20"))
    page.get_by_text("1 not applied yet").first.wait_for()
    # What is typed outlives the page.
    page.get_by_role("link", name="Compare").click()
    page.get_by_role("heading", name="Compare").first.wait_for()
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Train").click()
    page.get_by_text("1 not applied yet").first.wait_for()
    page.get_by_role("button", name="Apply").click()
    page.get_by_text("Row 33, Tg: “9000” is now “20”.").first.wait_for()
    page.get_by_text("far from the others").first.wait_for(state="hidden")
    leave_out_first(page, open_rows(page, "cannot be read"))
    page.get_by_role("button", name="Apply").click()
    page.get_by_text("Row 32 is left out").first.wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="What was done (YAML)").click()
    mends = tmp_path / download.value.suggested_filename
    download.value.save_as(mends)
    mended = mended_table(table, read_mending(mends))
    assert mends.name == "messy-mended.yaml"
    assert mended.excluded.empty
    assert mended.labels[-1].tolist() == [20, 8]
