"""The search for cycles rests while rows are loaded, and goes on afterwards whatever happened."""

import gc
from collections.abc import Iterator

import pytest

from processors.batching.cycles import seldom, uncollected


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    searched = gc.isenabled()
    gc.enable()
    yield
    if not searched:
        gc.disable()


def fail() -> None:
    with uncollected():
        assert not gc.isenabled()
        raise ValueError("broken")


def test_it_rests_meanwhile_and_goes_on_after_an_error() -> None:
    with pytest.raises(ValueError, match="broken"):
        fail()
    assert gc.isenabled()


def test_what_was_off_stays_off() -> None:
    with uncollected():
        with uncollected():
            pass
        assert not gc.isenabled()


def test_seldom_searches_less_often_and_leaves_out_what_is_there() -> None:
    thresholds, frozen = gc.get_threshold(), gc.get_freeze_count()
    try:
        seldom()
        assert gc.get_threshold()[0] > thresholds[0]
        assert gc.get_freeze_count() > frozen
        assert gc.isenabled()
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
