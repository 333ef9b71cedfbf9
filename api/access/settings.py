"""Settings of access: whether anybody may read, and what tokens and keys are accepted."""

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from api.access.tokens import SECRET_BYTES
from schemas.settings import Settings


class AccessSettings(Settings):
    """Read from the environment, `DENYUT_` before each name."""

    anonymous_read: bool = Field(
        True, description="whether anybody who reaches the api may read; otherwise a token or a key is needed"
    )
    token_secret: SecretStr | None = Field(
        None, description=f"secret of tokens signed with HS256, at least {SECRET_BYTES} bytes; empty: none"
    )
    token_keys: Path | None = Field(
        None,
        description="folder of public keys of tokens, KID.pem each (RSA: RS256, P-256: ES256, Ed25519: EdDSA); empty: none",
    )
    token_issuer: str | None = Field(None, description="`iss` of the tokens that are accepted")
    token_audience: str = Field("denyut", min_length=1, description="`aud` of the tokens that are accepted")
    token_leeway_s: float = Field(
        10, ge=0, le=300, description="seconds by which the clock of the tokens' issuer may differ"
    )
    api_keys: Path | None = Field(
        None, description="TOML file of API keys (`python -m api key` makes entries); empty: none"
    )
    allowed_origins: str = Field(
        "", description="origins besides the api's own whose pages may open the WebSocket, comma-separated"
    )

    @field_validator("token_secret", "token_keys", "token_issuer", "api_keys", mode="before")
    @classmethod
    def _empty_is_not_set(cls, value: object) -> object:
        return None if value == "" else value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        secret = self.token_secret.get_secret_value() if self.token_secret is not None else None
        if secret is not None and len(secret.encode()) < SECRET_BYTES:
            raise ValueError(f"DENYUT_TOKEN_SECRET has fewer than {SECRET_BYTES} bytes")
        if secret is not None and self.token_keys is not None:
            raise ValueError("DENYUT_TOKEN_SECRET or DENYUT_TOKEN_KEYS, not both")
        if (secret is not None or self.token_keys is not None) and not self.token_issuer:
            raise ValueError("tokens need DENYUT_TOKEN_ISSUER: whose are accepted")
        if not self.anonymous_read and secret is None and self.token_keys is None and self.api_keys is None:
            raise ValueError(
                "DENYUT_ANONYMOUS_READ=false, and neither DENYUT_TOKEN_SECRET, DENYUT_TOKEN_KEYS nor DENYUT_API_KEYS: nobody could read"
            )
        return self

    def origins(self) -> list[str]:
        """The allowed origins."""
        return [one.strip() for one in self.allowed_origins.split(",") if one.strip()]


class WatchSettings(Settings):
    """Of `python -m api watch`: on the command line everybody on the machine could read it."""

    watch_token: SecretStr | None = Field(
        None, description="token or key that `python -m api watch` asks with; empty: none"
    )

    def token(self) -> str | None:
        """What it asks with."""
        return self.watch_token.get_secret_value() if self.watch_token is not None else None
