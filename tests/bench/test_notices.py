"""The third-party notices name what the requirements pin, and say under which terms it is."""

import re

import pytest

from bench.notices import licence_of
from tests.conftest import ROOT

NOTICE = (ROOT / "NOTICE.md").read_text(encoding="utf-8")
LISTS = sorted(ROOT.glob("requirements-*.txt"))
PINS = [
    line.strip()
    for path in LISTS
    for line in path.read_text(encoding="utf-8").splitlines()
    if "==" in line and not line.startswith("#")
]
ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| ", re.MULTILINE)


class Package:
    """Stands in for an installed package."""

    def __init__(self, **fields: str | list[str]) -> None:
        self._fields = {name.replace("_", "-"): value for name, value in fields.items()}

    @property
    def metadata(self) -> "Package":
        return self

    def get(self, name: str) -> str | list[str] | None:
        return self._fields.get(name)

    get_all = get


@pytest.mark.parametrize("pin", PINS)
def test_every_pinned_package_is_named_in_its_version_with_its_licence(pin: str) -> None:
    name, _, version = pin.partition("==")
    rows = {found[0]: found[1:] for found in ROW.findall(NOTICE)}
    assert name in rows, "make NOTICE.md anew: python -m bench.notices"
    assert rows[name][0] == version, "make NOTICE.md anew: python -m bench.notices"
    assert rows[name][1].strip()


def test_the_editor_is_named_with_its_terms() -> None:
    assert "Novartis Institutes for BioMedical Research Inc. and Bruno Bienfait" in NOTICE
    assert 'PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS"' in NOTICE


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        ({"License_Expression": "MIT", "License": "other"}, "MIT"),
        ({"License": "BSD-3-Clause"}, "BSD-3-Clause"),
        ({"License": "a text\nof lines", "Classifier": ["License :: OSI Approved :: MIT"]}, "MIT"),
        ({"Classifier": ["Topic :: Chemistry"]}, "see its licence file"),
    ],
)
def test_a_licence_is_what_the_metadata_says(fields: dict, licence: str) -> None:
    assert licence_of(Package(**fields)) == licence
