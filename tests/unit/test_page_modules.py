"""The page's own modules, tested by node where there is one."""

import shutil
import subprocess
from pathlib import Path

import pytest

TESTS = sorted(Path(__file__).with_name("page").glob("*.test.mjs"))
NODE = shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="node is not installed: the page's modules are tested with it")
@pytest.mark.parametrize("test", TESTS, ids=lambda path: path.name)
def test_page_module(test: Path) -> None:
    assert NODE is not None
    done = subprocess.run(
        [NODE, "--test", str(test)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_are_tests_to_run() -> None:
    assert len(TESTS) >= 4
