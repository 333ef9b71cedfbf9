"""Where a credential may stand in a request, and where not."""

from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.requests import cookie_parser

from api.access.refusals import CredentialRefused, Misplaced

COOKIE = "denyut_session"
_CARRIERS = frozenset({b"authorization", b"x-api-key", b"cookie"})
"""Headers that may hold one; most requests have none of them, and are not searched three times."""
_SPELLINGS = frozenset(
    {
        "token",
        "accesstoken",
        "authtoken",
        "idtoken",
        "jwt",
        "apikey",
        "key",
        "xapikey",
        "authorization",
        "bearer",
    }
)
"""Names that people give credentials in addresses, without case, dashes and underscores."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A token or a key, and whether a browser sent it by itself."""

    text: str
    of_cookie: bool = False


def given(headers: Headers, query: bytes) -> Credential | None:
    """The credential of a request, None where it has none. A header goes before the cookie.

    Raises:
        Misplaced: it stands in the address, or there are two.
        CredentialRefused: a header that is none.
    """
    if query:
        check_address(query)
    if not any(name in _CARRIERS for name, _ in headers.raw):
        return None
    found = [*_bearers(headers), *headers.getlist("x-api-key")]
    if len(found) > 1:
        raise Misplaced("one credential at a time: Authorization or X-API-Key")
    if found:
        return Credential(_clean(found[0]))
    cookie = next(
        (value for text in headers.getlist("cookie") if (value := cookie_parser(text).get(COOKIE))), None
    )
    return None if cookie is None else Credential(_clean(cookie), of_cookie=True)


def check_address(query: bytes) -> None:
    """Raise Misplaced where the address has a parameter that is meant as a credential; what it holds is not shown."""
    for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name.lower().replace("-", "").replace("_", "") in _SPELLINGS:
            raise Misplaced(
                "a credential never stands in the address: send it as Authorization: Bearer or X-API-Key"
            )


def _bearers(headers: Headers) -> list[str]:
    found = []
    for value in headers.getlist("authorization"):
        scheme, _, credential = value.partition(" ")
        if scheme.lower() != "bearer":
            raise CredentialRefused("Authorization must be Bearer")
        found.append(credential.strip())
    return found


def _clean(text: str) -> str:
    if not text or not text.isascii() or not text.isprintable():
        raise CredentialRefused("the credential is not readable")
    return text
