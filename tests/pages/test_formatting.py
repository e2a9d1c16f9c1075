"""How texts are written on pages."""

from pages.parts.formatting import file_name


def test_the_name_of_a_file_holds_nothing_that_a_system_reads_otherwise() -> None:
    assert file_name("../a\\b: 100 %\n", "x") == "a-b-100"
    assert file_name("Größe_2", "x") == "Größe_2"
    assert file_name(" /.. ", "x") == "x"
    assert len(file_name("\U00020000" * 99, "x").encode()) < 250
