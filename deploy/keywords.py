"""Keywords as a person writes them."""

import re

from pydantic import AwareDatetime, Field, field_validator

from deploy.control import ControlRecord, Seed
from schemas.boolean import parse
from schemas.events import Keyword

_NOT_SLUG = re.compile(r"[^\w]+", re.UNICODE)


class KeywordSeed(Seed):
    """A phrase to look for."""

    text: str = Field(min_length=1, max_length=200)
    id: str = ""
    category: str = "general"
    priority: int = Field(3, ge=1, le=5)
    active: bool = True
    languages: tuple[str, ...] = ()
    query: str | None = None
    monitoring_start: AwareDatetime | None = None

    @field_validator("query")
    @classmethod
    def _readable(cls, value: str | None) -> str | None:
        if value is not None:
            parse(value)
        return value

    @property
    def key(self) -> str:
        """Its id; without one of its own, one made of the text."""
        return self.id or slug(self.text)

    def record(self, now: int, before: ControlRecord | None) -> Keyword:  # noqa: ARG002 -- nothing is kept of it
        """The event."""
        return {
            "id": self.key,
            "text": self.text,
            "category": self.category,
            "priority": self.priority,
            "active": self.active,
            "languages": list(self.languages),
            "query": self.query,
            "monitoring_start": None
            if self.monitoring_start is None
            else round(self.monitoring_start.timestamp() * 1000),
            "updated_at": now,
        }


def slug(text: str) -> str:
    """A stable id from a phrase: `Bank Central Asia` becomes `bank-central-asia`."""
    return _NOT_SLUG.sub("-", text.casefold()).strip("-") or text
