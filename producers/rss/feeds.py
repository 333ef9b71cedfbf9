"""The list of feeds: what to read, in which language, and in which zone its times are where they name none."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from producers.lists import Name, Zone, read_list

SHIPPED = Path(__file__).with_name("feeds.toml")


class Feed(BaseModel):
    """One feed; `name` is the source of its posts and the name of its cursor."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    url: Annotated[str, Field(pattern=r"^https?://[^\s/]+")]
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")]
    platform: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")] = "news"
    zone: Zone = "UTC"


_FEEDS = TypeAdapter(tuple[Feed, ...])


def load_feeds(path: Path | None) -> tuple[Feed, ...]:
    """The feeds of the TOML file (tables `[[feeds]]`), by default the shipped one; raises Fatal where it is wrong."""
    return read_list(path or SHIPPED, "feeds", _FEEDS)
