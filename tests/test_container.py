"""The container: what its files say fits the project, and what `.ci/container` makes of them.

Building it takes minutes and a network: `.ci/container` does so.
"""

import json
import os
import re
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from types import ModuleType
from typing import Any

import pytest
import yaml

from engine.commands import parser
from tests.conftest import ROOT

KNOWN = {"ARG", "CMD", "COPY", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "RUN", "USER", "VOLUME"}


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """`.ci/container`, which has no ending of a module."""
    loader = SourceFileLoader("container", str(ROOT / ".ci" / "container"))
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    module = module_from_spec(spec_from_loader("container", loader))
    loader.exec_module(module)
    sys.dont_write_bytecode = before
    return module


@pytest.fixture(scope="module")
def steps(script: ModuleType) -> list[Any]:
    return script.steps_of((ROOT / "Dockerfile").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]


def texts(steps: list[Any], word: str) -> list[str]:
    return [step.text for step in steps if step.word == word]


def test_every_instruction_is_known_to_the_script(steps: list[Any]) -> None:
    assert {step.word for step in steps} == KNOWN | {"WORKDIR"}


def test_what_is_copied_is_there_and_not_ignored(steps: list[Any]) -> None:
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    taken = [line[1:].removesuffix("*.txt") for line in ignore if line.startswith("!")]
    copied = [
        source
        for text in texts(steps, "COPY")
        if not text.startswith("--from")
        for source in text.split()[:-1]
    ]
    lists = {path.name for path in ROOT.glob("requirements*.txt")} - {"requirements-dev.txt"}
    assert lists <= {*copied}
    for source in copied:
        assert (ROOT / source).exists()
        assert any(path.startswith(source) or source.startswith(path) for path in taken)


def test_it_runs_as_nobody_special_and_tells_whether_it_is_well(steps: list[Any]) -> None:
    last = max(number for number, step in enumerate(steps) if step.word == "FROM")
    assert texts(steps[last:], "USER") == ["polygin"]
    assert "POLYGIN_HEALTH" in texts(steps, "HEALTHCHECK")[0]
    (volume,) = texts(steps, "VOLUME")
    (environment,) = texts(steps[last:], "ENV")
    assert f"POLYGIN_HOME={volume}" in environment


def test_both_commands_are_commands(
    script: ModuleType, steps: list[Any], services: dict[str, Any]
) -> None:
    (said,) = texts(steps, "CMD")
    for words, port in ((json.loads(said), script.APP), (services["service"]["command"], "8600")):
        assert words[0] == "polygin"
        assert parser().parse_args(words[1:]).port == int(port)
    assert {script.APP, script.SERVICE} == {*texts(steps, "EXPOSE")[0].split()}


def test_no_other_machine_reaches_what_compose_starts(services: dict[str, Any]) -> None:
    for service in services.values():
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
        assert service["cap_drop"] == ["ALL"]
    assert "POLYGIN_TOKEN" in services["service"]["environment"]


def test_the_token_stands_in_a_file_that_callers_can_read_and_git_does_not_keep() -> None:
    page = (ROOT / "docs" / "server.md").read_text(encoding="utf-8")
    (written,) = re.findall(r"^\(umask 077; echo \"(\w+)=.*\" > \.env\)$", page, re.MULTILINE)
    compose = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    assert f"{written}: ${{{written}:-}}" in compose
    # Before either way of starting, and shown by who calls.
    place = page.index("> .env")
    assert place < page.index("\ndocker compose up") < page.index("\nDEVICE=cuda docker compose")
    assert (
        f'. ./.env\ncurl -s http://localhost:8600/models -H "Authorization: Bearer ${written}'
        in page
    )
    for name in (".gitignore", ".dockerignore"):
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        assert {".env", "*"} & {*lines}
        assert "!.env" not in lines


def test_lines_of_one_instruction_are_one_step(script: ModuleType) -> None:
    steps = script.steps_of("# a word\nFROM x\nRUN a \\\n    && b\n\nCMD []\n")
    assert steps == [("FROM", "x"), ("RUN", "a  && b"), ("CMD", "[]")]


@pytest.mark.slow
@pytest.mark.skipif(os.getuid() != 0, reason="only root can become a user without rights")
def test_the_app_and_the_service_answer() -> None:
    """In the container; in an empty folder where there is no Docker. It installs everything."""
    ended = subprocess.run(
        [ROOT / ".ci" / "container"], capture_output=True, text=True, timeout=3000
    )
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    assert "container: done" in ended.stdout
