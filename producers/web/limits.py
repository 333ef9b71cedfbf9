"""What one answer of the web may take."""

from dataclasses import dataclass

from producers.settings import ProducerSettings


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds to connect, without a byte, and in all; bytes of the body, unpacked, and the setting that says how many."""

    connect_s: float
    read_s: float
    total_s: float
    max_bytes: int
    max_setting: str


def web_limits(settings: ProducerSettings) -> Limits:
    """The limits of pages and services."""
    return Limits(
        settings.web_connect_s,
        settings.web_read_s,
        settings.web_total_s,
        settings.web_max_bytes,
        "DENYUT_WEB_MAX_BYTES",
    )
