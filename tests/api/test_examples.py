"""The examples in docstrings give what they say."""

import doctest
import os
from importlib import import_module

import pytest

from tests.conftest import ROOT


@pytest.mark.parametrize("module", ["engine", "engine.api.model", "engine.api.regressor"])
def test_examples_give_what_they_say(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    result = doctest.testmod(import_module(module), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.attempted
    assert not result.failed
    assert os.getcwd() == str(ROOT)
