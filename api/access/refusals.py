"""Refusals of access, as data: the status, the words, and the challenge of RFC 6750. None ever shows a credential."""

from collections.abc import Sequence

REALM = "denyut"


class AccessRefused(Exception):  # noqa: N818 -- named for the decision, not the mishap
    """A request is refused for who asks; `status` and `challenge` go into the answer."""

    status = 401
    error: str | None = None

    def __init__(self, message: str) -> None:
        super().__init__(message)

    @property
    def challenge(self) -> str:
        """The WWW-Authenticate header."""
        said = "" if self.error is None else f', error="{self.error}", error_description="{self}"'
        return f'Bearer realm="{REALM}"{said}'


class CredentialMissing(AccessRefused):
    """Nobody may read here without a token or a key, and there was none."""

    def __init__(self) -> None:
        super().__init__(
            "a token or a key is needed: Authorization: Bearer …, X-API-Key, or a session's cookie"
        )


class CredentialRefused(AccessRefused):
    """There was one, and it does not hold; the message says why, never what it was."""

    error = "invalid_token"


class Misplaced(AccessRefused):
    """A credential stands where it must not: in the address, where logs and histories keep it, or beside another one."""

    status = 400
    error = "invalid_request"


class Forbidden(AccessRefused):
    """Known, and not allowed this."""

    status = 403
    error = "insufficient_scope"

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(f"this needs the scope {' '.join(missing)}")
        self.missing = missing

    @property
    def challenge(self) -> str:
        """The WWW-Authenticate header, with the scopes that would do."""
        return f'{super().challenge}, scope="{" ".join(self.missing)}"'


class Foreign(AccessRefused):
    """A page of another site asks in its reader's name."""

    status = 403
