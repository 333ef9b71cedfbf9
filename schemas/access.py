"""Asks Kafka once, at the start of a process, whether it lets us in: its clients would only try again, without a word."""

import time

import structlog
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from schemas.clients import connection
from schemas.errors import Fatal
from schemas.settings import KafkaSettings

log = structlog.get_logger()

_ASK_S = 0.5
_SAY_S = 5.0
_REFUSALS = frozenset({KafkaError._AUTHENTICATION, KafkaError._SSL})  # noqa: SLF001 -- librdkafka's own codes are public, only spelled so


def check_access(settings: KafkaSettings, patience_s: float = 30.0) -> None:
    """Raise Fatal, in one line, where Kafka refuses the login or its certificate cannot be trusted.

    Returns at once where Kafka is spoken to in the clear without a login, and where no broker is reached within
    `patience_s`: waiting longer is up to who comes next.
    """
    if settings.kafka_security == "PLAINTEXT":
        return
    said: list[KafkaError] = []
    admin = AdminClient({**connection(settings), "error_cb": said.append, "log_level": 0})
    began = time.monotonic()
    say_at = began + _SAY_S
    while (now := time.monotonic()) < began + patience_s:
        try:
            admin.list_topics(timeout=_ASK_S)
        except KafkaException:
            admin.poll(0)
        else:
            return
        refusal = next((error for error in said if error.code() in _REFUSALS), None)
        if refusal is not None:
            raise Fatal(
                f"Kafka at {settings.kafka} does not let us in ({_as_whom(settings)}): {refusal.str()}"
            )
        if now >= say_at:
            say_at = now + _SAY_S
            told = [error.str() for error in said if error.code() != KafkaError._ALL_BROKERS_DOWN]  # noqa: SLF001 -- same
            reason = told[-1] if told else "no answer"
            log.warning(
                "waiting_for_kafka", kafka=settings.kafka, security=settings.kafka_security, reason=reason
            )


def _as_whom(settings: KafkaSettings) -> str:
    if settings.kafka_security.startswith("SASL"):
        return f"{settings.kafka_security}, user {settings.kafka_user!r} by {settings.kafka_mechanism}"
    return f"{settings.kafka_security}, certificates of {settings.kafka_ca_file or 'the system'}"
