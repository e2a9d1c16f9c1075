"""The wheels of the kit: our own, built here, and those of what Kaggle's image lacks."""

import shutil
import subprocess
import sys
import tempfile
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from hashlib import sha256
from importlib.metadata import Distribution, PackageNotFoundError, distribution, version
from pathlib import Path

from packaging.version import Version

from ..base.errors import UserError
from ..base.workspace import CHECKOUT
from .image import PROJECT, Image

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much is done, and how much there is."""

_SOURCES = ("engine", "pages", "assets", "docs", ".streamlit")
_ROOT_FILES = (".py", ".toml", ".txt", ".md")
_NOT_BUILT = shutil.ignore_patterns("__pycache__", "screenshots", "secrets.toml")
_SETUPTOOLS = "80"
"""The oldest that builds our wheel, as `pyproject.toml` has it."""
_WHEN = (1980, 1, 1, 0, 0, 0)
_TOLD_LINES = 3
_OF_THE_INSTALLER = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")


def own_wheel(folder: Path) -> Path:
    """Put a wheel of this very code into a folder.

    From a checkout it is built; where the package is installed, it is packed of the installed
    files.

    Raises:
        UserError: when it cannot be built.
    """
    if CHECKOUT is None:
        return _packed_again(distribution(PROJECT), folder)
    with tempfile.TemporaryDirectory(prefix="polygin-wheel-") as place:
        # A copy: a build leaves files behind, and takes old ones that it finds.
        source = Path(place) / "source"
        source.mkdir()
        for name in _SOURCES:
            if (CHECKOUT / name).is_dir():
                shutil.copytree(CHECKOUT / name, source / name, ignore=_NOT_BUILT)
        for path in CHECKOUT.iterdir():
            if path.is_file() and (path.suffix in _ROOT_FILES or path.name == "LICENSE"):
                shutil.copy(path, source / path.name)
        built = Path(place) / "built"
        words = ["wheel", "--no-deps", "--wheel-dir", str(built), str(source)]
        for _ in _pip([*words, "--no-build-isolation"] if _setuptools_is_here() else words):
            pass
        (wheel,) = built.glob("*.whl")
        return Path(shutil.move(wheel, folder / wheel.name))


def download_wheels(
    image: Image, folder: Path, progress: Progress | None = None, source: Path | None = None
) -> dict[str, list[str]]:
    """Put the wheels of what the image lacks into a folder, as pip finds them.

    Args:
        image: what is taken for granted.
        folder: where they go.
        progress: told of each package.
        source: a folder of wheels to take them from; by default pip asks the index that it is
            configured for.

    Returns:
        By version of Python, what was put there: `name==version`.

    Raises:
        UserError: when pip does not get all of them.
    """
    brought = {python: image.brought(python) for python in image.python}
    total, done = sum(map(len, brought.values())), 0
    platforms = [word for tag in image.platforms for word in ("--platform", tag)]
    index = ["--no-index", "--find-links", str(source)] if source else []
    for python, pins in brought.items():
        words = ["download", "--no-deps", "--only-binary=:all:", "--dest", str(folder)]
        if not pins:
            continue
        for line in _pip([*words, "--python-version", python, *platforms, *index, *pins]):
            if progress and line.startswith(("Collecting ", "Processing ")):
                done += 1
                progress("wheels", min(done, total), total)
    return brought


def requirements_text(brought: dict[str, list[str]]) -> str:
    """What the notebook tells pip to install: the brought packages, and our own.

    Args:
        brought: as `download_wheels` returns it.
    """
    lines = [f"{PROJECT}=={own_version()}"]
    for pin in sorted({pin for pins in brought.values() for pin in pins}):
        of = [python for python, pins in brought.items() if pin in pins]
        only = " or ".join(f'python_version == "{python}"' for python in of)
        lines.append(pin if len(of) == len(brought) else f"{pin} ; {only}")
    return "".join(f"{line}\n" for line in lines)


def own_version() -> str:
    """The version of this code."""
    if CHECKOUT is None:
        return version(PROJECT)
    import tomllib

    with (CHECKOUT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def _setuptools_is_here() -> bool:
    """Whether the wheel can be built with what is installed; else pip gets the tools for it."""
    try:
        return Version(version("setuptools")) >= Version(_SETUPTOOLS)
    except PackageNotFoundError:
        return False


def _pip(words: list[str]) -> Iterator[str]:
    """Let pip work, and pass on its lines.

    Raises:
        UserError: when it fails, with its last words.
    """
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *words]
    told: list[str] = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            told.append(line.strip())
            yield line.strip()
    if process.returncode:
        errors = [line for line in told if line.startswith("ERROR")] or told
        raise UserError(
            f"pip ended with code {process.returncode}: {' '.join(errors[-_TOLD_LINES:])} Connect "
            "to the index that pip is configured for, or give a folder of wheels (--wheels)."
        )


def _packed_again(installed: Distribution, folder: Path) -> Path:
    """A wheel of an installed package: its files, and a record of them (PEP 427)."""
    lines = (installed.read_text("WHEEL") or "").splitlines()
    tags = [line.partition(": ")[2].split("-") for line in lines if line.startswith("Tag: ")]
    # One name for several tags, as PEP 425 compresses them: `py2.py3-none-any`.
    tag = "-".join(".".join(sorted({*parts})) for parts in zip(*tags, strict=True))
    name = f"{installed.name.replace('-', '_')}-{installed.version}"
    path, record = folder / f"{name}-{tag}.whl", f"{name}.dist-info/RECORD"
    told: list[str] = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in installed.files or ():
            parts = file.parts
            of_its_own = ".." not in parts and "__pycache__" not in parts
            if not of_its_own or parts[-1] in _OF_THE_INSTALLER:
                continue
            content = Path(str(file.locate())).read_bytes()
            archive.writestr(zipfile.ZipInfo(str(file), _WHEN), content)
            digest = urlsafe_b64encode(sha256(content).digest()).rstrip(b"=").decode()
            told.append(f"{file},sha256={digest},{len(content)}\n")
        archive.writestr(zipfile.ZipInfo(record, _WHEN), "".join([*told, f"{record},,\n"]))
    return path
