"""What makes an entry the same entry: its guid or its link, without what was only added to follow readers."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from schemas.errors import Poison

_FOLLOWING = re.compile(
    r"(?:utm_.*|at_(?:medium|campaign|custom\d*|link_.*|format|ptr_name|bbc_team)|mc_[ce]id|_ga|_gl|fbclid|gclid"
    r"|dclid|gbraid|wbraid|msclkid|yclid|twclid|igshid|cmpid|cmp|ncid|smid|ocid|xtor|ftag|spm)",
    re.IGNORECASE,
)
_WEB = ("http://", "https://")
_HASH_CHARACTERS = 24


def canonical(link: str) -> str:
    """The address as an identity: no tracking parameters, fragment or final slash, the rest in one order and case."""
    try:
        parts = urlsplit(link.strip())
        port = parts.port
    except ValueError:
        return link.strip()
    host = (parts.hostname or "").lower()
    if port not in (None, 80, 443):
        host = f"{host}:{port}"
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = urlencode(sorted(pair for pair in pairs if _FOLLOWING.fullmatch(pair[0]) is None))
    return urlunsplit(("https", host, parts.path.rstrip("/"), query, ""))


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
    return hashlib.sha256(identity.encode("utf-8", "replace")).hexdigest()[:_HASH_CHARACTERS]
