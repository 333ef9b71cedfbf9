"""Asks servers and consumer groups whether they are ready."""

from typing import Any

import httpx
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from schemas.clients import connection
from schemas.settings import KafkaSettings

_TIMEOUT_S = 2.0


class KafkaProbe:
    """Asks one broker, by calls that wait for their answers: see `deploy.progress` for why no others."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._client: Any = None

    def answers(self) -> bool:
        """Whether a broker answers there."""
        try:
            self._connected().list_topics(timeout=_TIMEOUT_S)
        except KafkaException:
            return False
        return True

    def has_members(self, group: str, least: int) -> bool:
        """Whether at least `least` members of the consumer group have shared its partitions out."""
        try:
            found = self._connected().list_groups(group, timeout=_TIMEOUT_S)
        except KafkaException:
            return False
        return any(
            known.error is None and known.state == "Stable" and len(known.members) >= least for known in found
        )

    def _connected(self) -> Any:
        if self._client is None:
            self._client = AdminClient(
                {**connection(self._settings), "reconnect.backoff.max.ms": 200, "log_level": 0}
            )
        return self._client


def feed_answers(url: str, patience_s: float) -> bool:
    """Whether `url` gives something within `patience_s`; its body is not waited for."""
    try:
        with httpx.stream("GET", url, timeout=patience_s, follow_redirects=True) as response:
            return response.is_success
    except (httpx.HTTPError, httpx.InvalidURL):
        return False


def http_answers(url: str) -> bool:
    """Whether GET `url` gives a status below 500."""
    try:
        return httpx.get(url, timeout=_TIMEOUT_S).status_code < httpx.codes.INTERNAL_SERVER_ERROR
    except httpx.TransportError:
        return False
