"""One package under two names: a module that is loaded under both is the same module."""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class _Alias(MetaPathFinder, Loader):
    """Finds `alias.x` as `package.x`."""

    def __init__(self, alias: str, package: str) -> None:
        self._alias, self._package = alias, package
        self._specs: dict[str, ModuleSpec | None] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] != self._alias:
            return None
        return ModuleSpec(fullname, self)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = import_module(self._package + spec.name.removeprefix(self._alias))
        self._specs[spec.name] = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has given it the spec of its alias; its own says what it is part of.
        for name, spec in self._specs.items():
            if sys.modules.get(name) is module:
                module.__spec__ = spec


def add_alias(alias: str, package: str) -> None:
    """Let the modules of a package be imported under another name too.

    Args:
        alias: the other name, such as `engine`.
        package: the package's own name.
    """
    sys.meta_path.insert(0, _Alias(alias, package))
