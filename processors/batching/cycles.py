"""Python's search for cycles of objects, kept off what has none: rows, records and events by the hundred thousand."""

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


def seldom() -> None:
    """Search less often from now on, and never again among what is there already.

    A stage makes some hundred objects an event, next to none of them in cycles, and holds rows by the hundred thousand that each
    search goes through. What few cycles there are (tasks that failed, their tracebacks) wait a little longer.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
