"""Which partitions cut a range next: as late as can be, so that what has come while others inserted goes in one insert."""

from collections.abc import Iterable

from sinks.clickhouse.lane import Lane


def cut_next(lanes: Iterable[Lane], slots: int, now: float, *, flush: bool) -> None:
    """Let lanes cut their next range while fewer than `slots` inserts are under way, who has waited longest first.

    A lane whose insert failed and waits to be tried again takes no slot: others are not held up by its table.
    """
    known = list(lanes)
    free = slots - sum(
        lane.work is not None or (lane.current is not None and now >= lane.not_before) for lane in known
    )
    for lane in sorted((lane for lane in known if lane.ready), key=_waiting_since):
        if free > 0:
            free -= lane.prepare(now, flush=flush)
        else:
            lane.positions.pass_by()


def _waiting_since(lane: Lane) -> float:
    """What was stored comes first: until it is done nothing else of its partition is."""
    if lane.positions.replays:
        return float("-inf")
    since = lane.positions.since
    return float("inf") if since is None else since
