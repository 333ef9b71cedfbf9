"""Loads much that has no cycles without Python's search for them."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Within it no cycles are searched for: the search would go through all that is being loaded again and again.

    For 100,000 rows that is more work than reading them. What was off before stays off.
    """
    searched = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searched:
            gc.enable()
