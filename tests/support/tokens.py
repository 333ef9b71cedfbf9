"""Tokens and keys for tests: signed here, accepted by the api under test."""

import time
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from api.access.keys import new_key

SECRET = "a secret of tests that is long enough"
ISSUER = "https://issuer.test"
SETTINGS: dict[str, object] = {
    "anonymous_read": "false",
    "token_secret": SECRET,
    "token_issuer": ISSUER,
}
"""Of an api that accepts `token`s only."""


def claims(**changes: Any) -> dict[str, Any]:
    """Claims that are accepted; None takes one away."""
    given = {
        "iss": ISSUER,
        "aud": "denyut",
        "sub": "budi",
        "exp": int(time.time()) + 600,
        "scope": "*",
        **changes,
    }
    return {name: value for name, value in given.items() if value is not None}


def token(**changes: Any) -> str:
    """A token of the shared secret."""
    return jwt.encode(claims(**changes), SECRET, algorithm="HS256")


def key_pair(kind: str) -> tuple[Any, bytes]:
    """A private key and its public half as PEM."""
    made: Any
    if kind == "RS256":
        made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    elif kind == "ES256":
        made = ec.generate_private_key(ec.SECP256R1())
    else:
        made = ed25519.Ed25519PrivateKey.generate()
    return made, made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def key_file(path: Path, **entries: dict[str, Any]) -> dict[str, str]:
    """Write a file of keys, one per id with `owner`, `scopes`, `expires` (TOML); returns the keys."""
    made = {}
    lines = []
    for name, entry in entries.items():
        made[name], kept = new_key(name)
        scopes = ", ".join(f'"{one}"' for one in entry["scopes"])
        lines += [
            "[[key]]",
            f'id = "{name}"',
            f'hash = "{kept}"',
            f'owner = "{entry["owner"]}"',
            f"scopes = [{scopes}]",
        ]
        lines += [f"expires = {entry['expires']}"] if "expires" in entry else []
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return made
