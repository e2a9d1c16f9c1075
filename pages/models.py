"""Models: all that are here, with their figures and cards, and two of them on one table."""

from pages.parts import page_guard
from pages.parts.layout import choose_section, heading
from pages.parts.models_page.comparison import show_comparison
from pages.parts.models_page.overview import show_overview

SECTIONS = {"All models": show_overview, "Compare two": show_comparison}


def main() -> None:
    """The whole page."""
    place = heading(
        "Models", "Every model that is here: its figures, its card, and what can be done with it."
    )
    with place:
        section = choose_section("Section", list(SECTIONS), "show", "collapsed")
    SECTIONS[section]()


page_guard.draw(main)
