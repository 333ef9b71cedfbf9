import base64
import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest

from api.access.refusals import CredentialRefused
from api.access.tokens import Tokens, public_keys, secret_key
from schemas.errors import Fatal
from tests.support.tokens import ISSUER, SECRET, claims, key_pair, token

TOKENS = Tokens(secret_key(SECRET), ISSUER, "denyut", 0)


def test_a_token_says_who_may_what_until_when() -> None:
    ends = int(time.time()) + 60
    found = TOKENS.identity(token(sub="ani", scope="read:mentions read:trends", exp=ends))
    assert (found.user, found.expires_at) == ("ani", ends)
    assert found.scopes == {"read:mentions", "read:trends"}
    assert found.may("read:trends")
    assert not found.may("sql")


def test_a_list_of_scopes_is_understood_and_none_allows_nothing() -> None:
    assert TOKENS.identity(token(scope=["sql"])).scopes == {"sql"}
    assert TOKENS.identity(token(scope=None)).scopes == frozenset()
    assert TOKENS.identity(token(scope="*")).may("sql")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"exp": int(time.time()) - 1}, "has expired"),
        ({"exp": None}, "has no exp"),
        ({"iss": None}, "has no iss"),
        ({"aud": None}, "has no aud"),
        ({"sub": None}, "has no sub"),
        ({"sub": ""}, "has no sub"),
        ({"iss": "https://else.test"}, "iss"),
        ({"aud": "else"}, "aud"),
        ({"aud": ["else", "other"]}, "aud"),
        # A year: these are written down when the tests are collected, and the last of them begins a quarter of an hour later.
        ({"nbf": int(time.time()) + 31_536_000}, "not hold yet"),
        ({"scope": 7}, "scope"),
        ({"exp": "soon"}, "not valid"),
        ({"exp": 1e400}, "not valid"),
        ({"sub": 7}, "not valid"),
    ],
)
def test_what_a_token_must_have(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(CredentialRefused, match=why):
        TOKENS.identity(token(**changes))


def test_an_end_beyond_all_clocks_is_taken_for_the_end_of_time() -> None:
    assert TOKENS.identity(token(exp=10**300)).expires_at == 253_402_300_799


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "ä.b.c", "e30.e30.", "." * 9000, "{}"])
def test_what_is_no_token_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(CredentialRefused) as refused:
        TOKENS.identity(text)
    assert not text or len(text) < 3 or text not in str(refused.value)


def test_a_signature_of_another_secret_is_refused() -> None:
    forged = jwt.encode(claims(), "another secret that is long enough too", algorithm="HS256")
    with pytest.raises(CredentialRefused, match="not valid"):
        TOKENS.identity(forged)


def test_no_algorithm_but_the_keys_own_is_accepted(tmp_path: Path) -> None:
    private, public = key_pair("RS256")
    (tmp_path / "one.pem").write_bytes(public)
    tokens = Tokens(public_keys(tmp_path), ISSUER, "denyut", 0)
    assert tokens.identity(jwt.encode(claims(), private, algorithm="RS256")).user == "budi"
    # Signed with the public key's own text as if it were a secret: the classic confusion.
    head, body = _part({"alg": "HS256", "typ": "JWT"}), _part(claims())
    mac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    signed = mac.sign(f"{head}.{body}".encode(), public)
    confused = f"{head}.{body}.{base64.urlsafe_b64encode(signed).rstrip(b'=').decode()}"
    unsigned = f"{_part({'alg': 'none'})}.{body}."
    other = jwt.encode(claims(), private, algorithm="RS512")
    for bad in (confused, unsigned, other):
        with pytest.raises(CredentialRefused, match="alg"):
            tokens.identity(bad)


@pytest.mark.parametrize("kind", ["RS256", "ES256", "EdDSA"])
def test_a_key_replaces_another_while_both_are_there(tmp_path: Path, kind: str) -> None:
    (old, old_pem), (new, new_pem) = key_pair(kind), key_pair("ES256")
    (tmp_path / "old.pem").write_bytes(old_pem)
    (tmp_path / "new.pem").write_bytes(new_pem)
    tokens = Tokens(public_keys(tmp_path), ISSUER, "denyut", 0)
    by_old = jwt.encode(claims(), old, algorithm=kind, headers={"kid": "old"})
    by_new = jwt.encode(claims(sub="ani"), new, algorithm="ES256", headers={"kid": "new"})
    assert [tokens.identity(one).user for one in (by_old, by_new)] == ["budi", "ani"]
    with pytest.raises(CredentialRefused, match="kid"):
        tokens.identity(jwt.encode(claims(), old, algorithm=kind, headers={"kid": "../old"}))
    with pytest.raises(CredentialRefused, match="kid"):
        tokens.identity(jwt.encode(claims(), old, algorithm=kind))
    (tmp_path / "old.pem").unlink()
    with pytest.raises(CredentialRefused, match="kid"):
        Tokens(public_keys(tmp_path), ISSUER, "denyut", 0).identity(
            jwt.encode(claims(), new, algorithm="ES256", headers={"kid": "old"})
        )


def test_keys_that_are_none_or_too_weak_are_named(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match="holds no public key"):
        public_keys(tmp_path)
    (tmp_path / "bad.pem").write_text("no key")
    with pytest.raises(Fatal, match=r"bad\.pem"):
        public_keys(tmp_path)


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
