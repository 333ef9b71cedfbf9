"""Who asks: what an accepted credential says of its holder."""

from collections.abc import Iterable
from dataclasses import dataclass

from api.access.refusals import Forbidden

EVERYTHING = "*"
"""The scope that holds all others."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody, or anybody.

    `user` is None for anybody; an alert with an owner is shown to the user of that name alone. `scopes` are what may be read.
    `expires_at` is when the credential ends (epoch seconds), and with it every stream opened by it; None: it does not.
    """

    user: str | None
    scopes: frozenset[str]
    expires_at: float | None = None

    def owners(self, *, own: bool) -> set[str | None]:
        """Whose alerts and rules are shown: everyone's (None) and his own, or his `own` alone."""
        mine = set() if self.user is None else {self.user}
        return {*mine} if own else {None, *mine}

    def may(self, scope: str) -> bool:
        """Whether a scope is held."""
        return scope in self.scopes or EVERYTHING in self.scopes

    def require(self, scopes: Iterable[str]) -> None:
        """Raise Forbidden where one of these is not held."""
        missing = sorted(one for one in scopes if not self.may(one))
        if missing:
            raise Forbidden(missing)


ANYBODY = Identity(None, frozenset({EVERYTHING}))
"""Who brings no credential where anybody may read."""
