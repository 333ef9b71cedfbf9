"""How many files this process may have open: every stream is one, and the usual soft limit is 1,024."""

import resource

import structlog

log = structlog.get_logger()

_OTHERS = 256
"""Files that are no streams: Kafka, ClickHouse, logs, requests of a moment."""


def raise_open_files(streams: int = 0) -> int:
    """Raise the soft limit as far as the system lets us; returns it, and warns where so many streams will not fit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard != resource.RLIM_INFINITY and hard < streams + _OTHERS:
        log.warning("few_open_files", limit=hard, streams=streams)
    return hard
