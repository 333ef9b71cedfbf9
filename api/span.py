"""The stretch of time that a request asks for by `since` and `until`."""

import time

from api.parameters import Invalid

DAY_MS = 86_400_000


def span(since: int | None, until: int | None, length_ms: int) -> tuple[int, int]:
    """[since, until) in epoch ms: until now, and for `length_ms` before that, where the request does not say; raises Invalid."""
    until = time.time_ns() // 1_000_000 if until is None else until
    since = max(until - length_ms, 0) if since is None else since
    if since > until:
        raise Invalid.one("since", "must not be after `until`")
    return since, until
