"""What makes an entry the same entry: its guid or its link, without what was only added to follow readers."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from producers.web.identity import canonical, hashed
from schemas.errors import Poison

_WEB = ("http://", "https://")


def native_id(entry: Mapping[str, Any], feed_url: str) -> str:
    """The id of `entry` within its platform; raises Poison (malformed) where it has neither guid nor link.

    A guid that is no address is only unique at its outlet: the host of the link, or of the feed, goes with it.
    """
    guid, link = str(entry.get("id") or "").strip(), str(entry.get("link") or "").strip()
    if guid.lower().startswith(_WEB):
        identity = canonical(guid)
    elif guid:
        host = urlsplit(link if link.lower().startswith(_WEB) else feed_url).hostname or ""
        identity = f"{host.lower().removeprefix('www.')}\0{guid}"
    elif link.lower().startswith(_WEB):
        identity = canonical(link)
    else:
        raise Poison("malformed", "neither a guid nor a link tells this entry from others")
    return hashed(identity)
