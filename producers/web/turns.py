"""Turns at the web's hosts, the same for all collectors of a process: two of them are one visitor to a site."""

from functools import cache

from producers.hosts import Hosts
from producers.settings import ProducerSettings


def web_turns(settings: ProducerSettings) -> Hosts:
    """The turns of this process."""
    return _turns(settings.web_gap_s, settings.web_parallel)


@cache
def _turns(gap_s: float, most: int) -> Hosts:
    return Hosts(gap_s, most)
