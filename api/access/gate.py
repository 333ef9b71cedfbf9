"""The gate: who asks, told from a request; built from settings, the same for the stream, WebSocket, REST and SQL."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from api.access import credentials
from api.access.credentials import Credential
from api.access.identity import ANYBODY, Identity
from api.access.keys import Keys, looks_like_key, read_keys
from api.access.refusals import CredentialMissing, CredentialRefused, Foreign
from api.access.settings import AccessSettings
from api.access.tokens import Tokens, public_keys, secret_key


class Gate:
    """Tells who asks. Where anybody may read, a request without a credential is anybody's; one that does not hold is refused all the same."""

    def __init__(
        self,
        tokens: Tokens | None,
        keys: Keys | None,
        *,
        anonymous: bool,
        origins: Iterable[str] = (),
    ) -> None:
        self.anonymous = anonymous
        self._tokens = tokens
        self._keys = keys
        self._origins = frozenset(origins)

    def identity(self, headers: Headers, query: bytes) -> Identity:
        """Who asks. Raises AccessRefused."""
        found = credentials.given(headers, query)
        if found is None:
            if not self.anonymous:
                raise CredentialMissing
            return ANYBODY
        if found.of_cookie and headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise Foreign("another site's page asks with this browser's session")
        return self.of(found)

    def of(self, found: Credential) -> Identity:
        """Who holds a credential. Raises CredentialRefused."""
        if looks_like_key(found.text):
            if self._keys is None:
                raise CredentialRefused("no keys are known here")
            return self._keys.identity(found.text)
        if self._tokens is None:
            raise CredentialRefused("no tokens are accepted here")
        return self._tokens.identity(found.text)

    def check_origin(self, headers: Headers) -> None:
        """Raise Foreign where a page of another site, which no setting allows, opens a WebSocket: browsers let any page do that."""
        origin = headers.get("origin")
        if origin is None or origin in self._origins:
            return
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or parts.netloc != headers.get("host"):
            raise Foreign("this origin is not allowed here")


def gate(settings: AccessSettings) -> Gate:
    """The gate that settings describe. Raises Fatal where a key or a file of keys is not what it should be."""
    keys = Keys(read_keys(settings.api_keys)) if settings.api_keys is not None else None
    known = secret_key(settings.token_secret.get_secret_value()) if settings.token_secret is not None else {}
    if settings.token_keys is not None:
        known |= public_keys(settings.token_keys)
    tokens = None
    if known:
        assert settings.token_issuer is not None  # noqa: S101 -- settings have made sure
        tokens = Tokens(known, settings.token_issuer, settings.token_audience, settings.token_leeway_s)
    return Gate(tokens, keys, anonymous=settings.anonymous_read, origins=settings.origins())
