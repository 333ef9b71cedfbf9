"""Whose alerts and rules somebody is shown."""

from api.access.identity import ANYBODY, Identity


def test_everyones_and_ones_own_are_shown_and_nobody_elses() -> None:
    ani = Identity("ani", frozenset())
    assert ani.owners(own=False) == {None, "ani"}
    assert ani.owners(own=True) == {"ani"}
    assert ANYBODY.owners(own=False) == {None}
    assert ANYBODY.owners(own=True) == set()
