"""The private parts of Faust, mode and aiokafka that lanes lean on are those that were read."""

import ast
from importlib.metadata import version
from pathlib import Path

import pytest

import processors.batching.producer
from processors.batching.hooks import HOOKS, VERSIONS, Hook

PACKAGE = Path(processors.batching.producer.__file__).parent


@pytest.mark.parametrize("library", VERSIONS)
def test_libraries_are_the_versions_that_were_read(library: str) -> None:
    assert version(library) == VERSIONS[library]


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: f"{hook.module}.{hook.name}")
def test_source_is_what_was_read(hook: Hook) -> None:
    assert hook.found() == hook.source, f"changed; does it still hold that: {hook.reason}?"


def test_every_private_part_of_another_object_is_listed() -> None:
    named = " ".join(f"{hook.name} {hook.reason}" for hook in HOOKS)
    missing = set()
    for module in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if not isinstance(node, ast.Attribute) or not node.attr.startswith("_"):
                continue
            own = isinstance(node.value, ast.Name) and node.value.id in {"self", "cls", "os"}
            if not own and not node.attr.startswith("__") and node.attr not in named:
                missing.add(f"{module.name}: {node.attr}")
    assert missing == set()


def test_backoff_between_transactions_is_short() -> None:
    from aiokafka.producer import sender  # noqa: PLC0415 -- after the package has set it

    assert sender.BACKOFF_OVERRIDE == 0.002
