"""The files that a run begins with are there."""

import pytest

from tests.conftest import HEAVY, LONG
from tests.support.rooms import ROOT


@pytest.mark.parametrize("file", [*HEAVY, *LONG])
def test_a_file_that_begins_early_is_there(file: str) -> None:
    assert (ROOT / file).is_file()
