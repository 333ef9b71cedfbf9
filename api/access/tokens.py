"""Tokens (JWT): one algorithm per key, chosen by the key and never by the token; issuer, audience and end required."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from api.access.identity import Identity
from api.access.refusals import CredentialRefused
from schemas.errors import Fatal

SECRET_BYTES = 32
"""What HS256 hashes to; a shorter secret is easier to guess than the hash."""
_RSA_BITS = 2048
_MAX_CHARS = 8192
_LATEST_S = 253_402_300_799
"""The last second of the year 9999."""
_REQUIRED = ["exp", "iss", "aud", "sub"]
_SECRET = ""
"""The key id under which the shared secret stands: that of tokens that name none."""

Key = str | RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey


class Tokens:
    """Accepts tokens signed by one of its keys.

    Args:
        keys: key id (`kid`) to key and its algorithm; under the empty id, what is asked when a token names none.
        issuer: the only `iss` that is accepted.
        audience: what `aud` must be or hold.
        leeway_s: by how much the issuer's clock may differ from ours.
    """

    def __init__(
        self, keys: Mapping[str, tuple[Key, str]], issuer: str, audience: str, leeway_s: float
    ) -> None:
        self._keys = dict(keys)
        if len(self._keys) == 1:
            # A single key needs no name.
            self._keys.setdefault(_SECRET, next(iter(self._keys.values())))
        self._issuer = issuer
        self._audience = audience
        self._leeway_s = leeway_s

    def identity(self, token: str) -> Identity:
        """Who holds it. Raises CredentialRefused."""
        if len(token) > _MAX_CHARS:
            raise CredentialRefused("the token is too long")
        key, algorithm = self._key(token)
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._audience,
                issuer=self._issuer,
                leeway=self._leeway_s,
                options={"require": _REQUIRED},
            )
        except jwt.ExpiredSignatureError:
            raise CredentialRefused("the token has expired") from None
        except jwt.MissingRequiredClaimError as error:
            raise CredentialRefused(f"the token has no {error.claim}") from None
        except jwt.InvalidAudienceError:
            raise CredentialRefused("the token is for somebody else (aud)") from None
        except jwt.InvalidIssuerError:
            raise CredentialRefused("the token is somebody else's (iss)") from None
        except jwt.ImmatureSignatureError:
            raise CredentialRefused("the token does not hold yet") from None
        except (jwt.PyJWTError, ValueError, OverflowError):
            raise CredentialRefused("the token is not valid") from None
        if not claims["sub"]:
            raise CredentialRefused("the token has no sub")
        return Identity(claims["sub"], _scopes(claims), min(int(claims["exp"]), _LATEST_S) + self._leeway_s)

    def _key(self, token: str) -> tuple[Key, str]:
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, ValueError):
            raise CredentialRefused("this is no token") from None
        found = self._keys.get(str(header.get("kid", _SECRET)))
        if found is None:
            raise CredentialRefused("the token is signed by a key that is not known here (kid)")
        # What the token says of its algorithm only has to agree: the key decides.
        if header.get("alg") != found[1]:
            raise CredentialRefused("the token is signed in another way than its key is for (alg)")
        return found


def secret_key(secret: str) -> dict[str, tuple[Key, str]]:
    """A shared secret as a key; settings have made sure of its length."""
    return {_SECRET: (secret, "HS256")}


def public_keys(folder: Path) -> dict[str, tuple[Key, str]]:
    """The public keys of a folder, `KID.pem` each: several while one is replaced by another. Raises Fatal."""
    found = {path.stem: _public_key(path) for path in sorted(folder.glob("*.pem"))}
    if not found:
        raise Fatal(f"DENYUT_TOKEN_KEYS: {folder} holds no public key (KID.pem)")
    return found


def _public_key(path: Path) -> tuple[Key, str]:
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise Fatal(f"DENYUT_TOKEN_KEYS: {path} is no PEM public key: {error}") from None
    if isinstance(key, RSAPublicKey):
        if key.key_size < _RSA_BITS:
            raise Fatal(
                f"DENYUT_TOKEN_KEYS: {path}: an RSA key needs {_RSA_BITS} bits, it has {key.key_size}"
            )
        return key, "RS256"
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return key, "ES256"
    if isinstance(key, Ed25519PublicKey):
        return key, "EdDSA"
    raise Fatal(f"DENYUT_TOKEN_KEYS: {path} is neither RSA nor P-256 nor Ed25519")


def _scopes(claims: Mapping[str, Any]) -> frozenset[str]:
    """`scope` as RFC 8693 has it, separated by spaces; a list is understood too."""
    given = claims.get("scope", "")
    if isinstance(given, str):
        return frozenset(given.split())
    if isinstance(given, list) and all(isinstance(one, str) for one in given):
        return frozenset(given)
    raise CredentialRefused("the token's scope is neither a text nor a list of texts")
