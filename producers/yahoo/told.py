"""What a symbol said last: a price that was told already is not told again, whether it was polled or came by the stream."""

from collections.abc import Mapping

import orjson

from schemas.events import Quote


def state_of(quote: Quote) -> str:
    """What tells a quote of a symbol from its others: the same three that the stage `market` tells them apart by."""
    return f"{quote['market_time']} {quote['price']!r} {quote['day_volume']}"


def told(stored: str | None) -> dict[str, str]:
    """State by symbol; nothing where the cursor cannot be read: the same is told once more then."""
    try:
        found = orjson.loads(stored or "{}")
    except orjson.JSONDecodeError:
        found = None
    return found if isinstance(found, dict) else {}


def stored(states: Mapping[str, str]) -> str:
    """The cursor."""
    return orjson.dumps(states).decode()
