"""Instruments as a person writes them."""

from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from deploy.control import ControlRecord, Seed
from schemas.events import Instrument


class InstrumentSeed(Seed):
    """A tradable thing; its symbol is what the sources of prices call it."""

    symbol: str = Field(min_length=1, max_length=40, pattern=r"^\S+$")
    name: str = Field(min_length=1, max_length=200)
    aliases: tuple[str, ...] = ()
    exchange: str = ""
    zone: str
    currency: str = Field("", max_length=3)
    active: bool = True

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"no time zone named {name!r}") from None
        return name

    @property
    def key(self) -> str:
        """Its symbol."""
        return self.symbol

    def record(self, now: int, before: ControlRecord | None) -> Instrument:  # noqa: ARG002 -- nothing is kept of it
        """The event."""
        return {
            "symbol": self.symbol,
            "name": self.name,
            "aliases": list(self.aliases),
            "exchange": self.exchange,
            "zone": self.zone,
            "currency": self.currency,
            "active": self.active,
            "updated_at": now,
        }
