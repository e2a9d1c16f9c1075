"""Writes `NOTICE.md`: whose work ships with the project, and under which terms.

`python -m bench.notices` reads the metadata of the installed packages, those of the requirements
and what they bring. What has no metadata, the editor's JavaScript and values from the literature,
is said here.
"""

import re
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bench.reporting import markdown_table

RESULT = Path("NOTICE.md")
_TOOLS = "requirements-dev.txt"
_LICENCE = "License :: OSI Approved :: "
_HOMES = ("homepage", "home", "repository", "source", "source code", "github")
_MOST_WORDS = 60
"""A licence field that is longer holds the licence's text."""

_HEAD = """# Third-party notices

PolyGIN Studio is under the [MIT license](LICENSE). This page names the work of others that it
comes with, or that `pip install` and the container bring beside it; made by `python -m
bench.notices` from the packages' own metadata. Each package's licence text lies in its
`*.dist-info` folder where it is installed.

## In the repository and the wheel

**Values.** The shipped model was fitted to values from the literature and from simulations.
Whose, and under which terms, its [card](assets/model/README.md) says; the textbook table names a
[reference for each value](assets/textbook.md). Names of polymers and monomers are [our own
list](assets/polymer_names.md).

**Colours, drawings, components** are the project's own, but for the editor that the next section
names.

## JSME, the molecule editor
The package `streamlit-jsme` brings it, and the Predict page draws with it. B. Bienfait and P.
Ertl, J. Cheminform. 5 (2013) 24,
[doi:10.1186/1758-2946-5-24](https://doi.org/10.1186/1758-2946-5-24). Its terms:

```text
Copyright (c) 2024, Novartis Institutes for BioMedical Research Inc. and Bruno Bienfait.
All rights reserved.

Redistribution and use in source and binary forms, with or without modification, are permitted
provided that the following conditions are met:

1. Redistributions of source code must retain the above copyright notice, this list of conditions
   and the following disclaimer.
2. Redistributions in binary form must reproduce the above copyright notice, this list of
   conditions and the following disclaimer in the documentation and/or other materials provided
   with the distribution.
3. Neither the name of the copyright holder nor the names of its contributors may be used to
   endorse or promote products derived from this software without specific prior written
   permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR
IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND
FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR
CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE,
DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER
IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT
OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
```
"""
_NVIDIA = """
On Linux, PyTorch for CUDA also brings NVIDIA's libraries (`nvidia-…`, cuDNN, NCCL and others),
which are under NVIDIA's own terms, and Triton (MIT). PyTorch for the CPU, which the container
takes unless it is told otherwise, brings none of them.
"""


def pinned(path: Path) -> list[str]:
    """The packages that a requirements file pins; other files that it names are not read."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [Requirement(line).name for line in lines if line and line[0] not in "#-"]


def brought(names: list[str]) -> list[str]:
    """What packages need here, and what that needs in turn, as far as it is installed."""
    known, waiting = {canonicalize_name(name) for name in names}, [*names]
    found: list[str] = []
    while waiting:
        for name in _needed(waiting.pop()):
            if canonicalize_name(name) not in known:
                known.add(canonicalize_name(name))
                found.append(name)
                waiting.append(name)
    return sorted(found, key=str.casefold)


def _needed(name: str) -> Iterator[str]:
    requirements = [Requirement(text) for text in _installed(name).requires or []]
    for each in requirements:
        if each.marker is None or each.marker.evaluate({"extra": ""}):
            try:
                yield distribution(each.name).metadata["Name"]
            except PackageNotFoundError:
                continue


def _installed(name: str) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError as error:
        raise SystemExit(f"{name} is not installed: pip install -r {_TOOLS}") from error


def row(name: str) -> list[str]:
    """A package's name, version, licence and home page."""
    package = _installed(name)
    # Without which build of the version is installed here: `2.13.0+cpu`.
    version = package.version.partition("+")[0]
    return [name, version, licence_of(package), _home_of(package)]


def licence_of(package: Distribution) -> str:
    """The licence as a package's metadata says it, the newest field first."""
    said = package.metadata
    if expression := said.get("License-Expression"):
        return expression
    classes = [each for each in said.get_all("Classifier") or [] if each.startswith(_LICENCE)]
    text = (said.get("License") or "").strip()
    if text and "\n" not in text and len(text) <= _MOST_WORDS:
        return text
    if classes:
        return ", ".join(each.removeprefix(_LICENCE) for each in classes)
    return "see its licence file"


def _home_of(package: Distribution) -> str:
    pairs = [url.split(", ", 1) for url in package.metadata.get_all("Project-URL") or []]
    links = {label.casefold(): url for label, url in pairs}
    links["homepage"] = package.metadata.get("Home-page") or links.get("homepage", "")
    found = next((links[label] for label in _HOMES if links.get(label)), "")
    return re.sub(r"^http:", "https:", found) if found else ""


def notices(folder: Path) -> str:
    """The whole page, for the requirements of a folder."""
    lists = sorted(folder.glob("requirements-*.txt"))
    shipped = [name for path in lists if path.name != _TOOLS for name in pinned(path)]
    heads = ["package", "version", "licence", "home"]
    parts = [
        ("What it needs", shipped),
        ("What these bring along", brought(shipped)),
        ("What it is tested and documented with, and does not ship", pinned(folder / _TOOLS)),
    ]
    tables = [f"\n## {title}\n{markdown_table(heads, map(row, names))}\n" for title, names in parts]
    tables[1] += _NVIDIA
    return _HEAD + "".join(tables)


if __name__ == "__main__":
    RESULT.write_text(notices(Path()), encoding="utf-8")
