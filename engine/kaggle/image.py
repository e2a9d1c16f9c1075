"""What is taken for granted of Kaggle's image, and what of our requirements it lacks."""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pydantic import BaseModel, ConfigDict

from ..base.plain_yaml import parsed_yaml
from ..base.workspace import ASSETS, CHECKOUT

PROJECT = "polygin-studio"
"""The name of our own wheel."""

_FILE = ASSETS / "kaggle_image.yaml"
_LEGACY = ("manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64")


class Image(BaseModel):
    """The assumptions, as `assets/kaggle_image.yaml` says them.

    Attributes:
        date: when they were written down.
        python: versions of Python that wheels are brought for.
        glibc: the second number of the oldest version of the C library.
        there: the oldest version of each package that is used as it is there.
        also_there: packages that are there in any version.
        left_out: packages that some requirement names and nothing needs, and what they are for.
        hours: that the notebook may take.
        input, working, scratch: folders of data, of results and of what is forgotten.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    date: str
    python: tuple[str, ...]
    glibc: int
    there: dict[str, str]
    also_there: tuple[str, ...] = ()
    left_out: dict[str, str] = {}
    hours: float
    input: str
    working: str
    scratch: str

    @property
    def platforms(self) -> list[str]:
        """The tags of wheels that run there, the newest first."""
        return [f"manylinux_2_{n}_x86_64" for n in range(self.glibc, 4, -1)] + [*_LEGACY]

    def brought(self, python: str) -> list[str]:
        """What the dataset brings for a version of Python, pinned to what is installed here.

        Args:
            python: such as `3.12`.

        Returns:
            Our requirements and what they require in turn, as `name==version`, in order.
        """
        passed = {canonicalize_name(name) for name in (*self.there, *self.also_there)}
        passed |= {canonicalize_name(name) for name in self.left_out}
        environment = _environment(python)
        pins: dict[str, str] = {}
        waiting = _own_requirements()
        while waiting:
            requirement = waiting.pop()
            name = canonicalize_name(requirement.name)
            if name in pins or name in passed or not _applies(requirement, environment):
                continue
            pins[name] = name
            try:
                found = distribution(name)
            except PackageNotFoundError:  # needed there and not on this machine: pip chooses
                continue
            pins[name] = f"{name}=={found.version}"
            waiting += [Requirement(text) for text in found.requires or ()]
        return [pins[name] for name in sorted(pins)]


def kaggle_image() -> Image:
    """What is known of Kaggle's image."""
    said = parsed_yaml(_FILE.read_text(encoding="utf-8"), _FILE.name, "a list of assumptions")
    return Image.model_validate({**said, "date": str(said["date"])})


def _own_requirements() -> list[Requirement]:
    """What the engine requires; the pages are not brought."""
    if CHECKOUT:
        lines = (CHECKOUT / "requirements-engine.txt").read_text(encoding="utf-8").splitlines()
        return [Requirement(line) for line in lines if line and not line.startswith("#")]
    return [Requirement(text) for text in distribution(PROJECT).requires or ()]


def _environment(python: str) -> dict[str, str]:
    """What the markers of requirements are about on Kaggle."""
    there = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "os_name": "posix",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
        "extra": "",
    }
    return {**{key: str(value) for key, value in default_environment().items()}, **there}


def _applies(requirement: Requirement, environment: Mapping[str, str]) -> bool:
    return requirement.marker is None or requirement.marker.evaluate(dict(environment))
