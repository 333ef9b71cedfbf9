"""The identity of an address: one article is one post, whichever collector found it and however it was linked."""

import hashlib
import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_HASH_CHARACTERS = 24
_FOLLOWING = re.compile(
    r"(?:utm_.*|at_(?:medium|campaign|custom\d*|link_.*|format|ptr_name|bbc_team)|mc_[ce]id|_ga|_gl|fbclid|gclid"
    r"|dclid|gbraid|wbraid|msclkid|yclid|twclid|igshid|cmpid|cmp|ncid|smid|ocid|xtor|ftag|spm)",
    re.IGNORECASE,
)


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


def hashed(identity: str) -> str:
    """`identity` as the native part of a post's id."""
    return hashlib.sha256(identity.encode("utf-8", "replace")).hexdigest()[:_HASH_CHARACTERS]
