"""pytest tells what is covered where this is loaded: `pytest -p tests.support.covering.plugin`.

It must be there before anything imports our rooms, so it is no part of conftest.py. Processes that tests start are not measured:
killed ones could tell nothing.
"""

import io
import json
from collections import defaultdict
from typing import Any

import pytest
from coverage import Coverage

from tests.support.covering import importing
from tests.support.covering.marks import Arc
from tests.support.covering.report import report, rooms

_HERE = importing.begin(rooms(Coverage()))
_TOGETHER: dict[str, set[Arc]] = defaultdict(set)
"""What was run in all processes, by file."""
_TOLD = "covered"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process that runs tests for another tells it."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_TOLD] = json.dumps(_HERE.arcs())


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """The other listens; one that crashed has told nothing."""
    told: dict[str, list[list[int]]] = json.loads(getattr(node, "workeroutput", {}).get(_TOLD, "{}"))
    for filename, arcs in told.items():
        _TOGETHER[filename].update((start, end) for start, end in arcs)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table, once."""
    for filename, arcs in _HERE.arcs().items():
        _TOGETHER[filename].update(arcs)
    table = io.StringIO()
    report(Coverage(), _TOGETHER, table)
    terminalreporter.section("coverage")
    terminalreporter.write(table.getvalue())
