from hmac import compare_digest
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from starlette.datastructures import Headers

from api.access.credentials import COOKIE
from api.access.gate import Gate, gate
from api.access.identity import ANYBODY, Identity
from api.access.keys import Keys, new_entry, new_key, read_keys
from api.access.refusals import (
    AccessRefused,
    CredentialMissing,
    CredentialRefused,
    Forbidden,
    Foreign,
    Misplaced,
)
from api.access.settings import AccessSettings
from schemas.errors import Fatal
from tests.support.tokens import ISSUER, SECRET, key_file, token

_ENTRY = f'[[key]]\nid = "a"\nhash = "{"0" * 64}"\nowner = "a"\nscopes = ["*"]\n'


def opened(**settings: Any) -> Gate:
    given = {"anonymous_read": False, "token_secret": SECRET, "token_issuer": ISSUER, **settings}
    return gate(AccessSettings(**given))


def asked(own: Gate, query: str = "", **headers: str) -> Identity:
    return own.identity(
        Headers({name.replace("_", "-"): value for name, value in headers.items()}), query.encode()
    )


def test_a_credential_may_be_a_header_or_a_cookie_and_the_header_goes_first() -> None:
    own = opened()
    assert asked(own, authorization=f"Bearer {token(sub='ani')}").user == "ani"
    assert asked(own, authorization=f"bearer {token(sub='ani')}").user == "ani"
    assert asked(own, x_api_key=token(sub="ani")).user == "ani"
    assert asked(own, cookie=f"a=b; {COOKIE}={token(sub='cici')}").user == "cici"
    assert asked(own, cookie=f"{COOKIE}={token(sub='cici')}", x_api_key=token(sub="ani")).user == "ani"


def test_without_a_credential_it_depends_on_the_setting() -> None:
    with pytest.raises(CredentialMissing) as refused:
        asked(opened())
    assert refused.value.challenge == 'Bearer realm="denyut"'
    assert asked(opened(anonymous_read=True)) is ANYBODY


def test_one_that_does_not_hold_is_never_anybody() -> None:
    with pytest.raises(CredentialRefused):
        asked(opened(anonymous_read=True), authorization="Bearer nonsense")
    with pytest.raises(CredentialRefused, match="no tokens"):
        asked(gate(AccessSettings()), authorization=f"Bearer {token()}")
    with pytest.raises(CredentialRefused, match="no keys"):
        asked(opened(), x_api_key=new_key("one")[0])


@pytest.mark.parametrize(
    "name",
    [
        "token",
        "access_token",
        "Access-Token",
        "api_key",
        "apikey",
        "X-API-Key",
        "jwt",
        "key",
        "authorization",
    ],
)
@pytest.mark.parametrize("anonymous", [True, False])
def test_in_the_address_it_is_refused_and_not_repeated(name: str, anonymous: bool) -> None:
    secret = token()
    with pytest.raises(Misplaced) as refused:
        asked(
            opened(anonymous_read=anonymous),
            f"topics=mentions&{name}={secret}",
            authorization=f"Bearer {secret}",
        )
    assert secret not in str(refused.value) + refused.value.challenge
    assert refused.value.status == 400


def test_other_parameters_are_no_credentials() -> None:
    query = "topics=mentions&keyword=token&last_event_id=x&since=1&text=api_key"
    assert asked(opened(anonymous_read=True), query) is ANYBODY


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Basic YTpi"},
        {"authorization": "Bearer "},
        {"authorization": "Bearer a\tb"},
        {"authorization": "Bearer ä"},
        {"x_api_key": ""},
    ],
)
def test_a_header_that_is_no_credential_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(CredentialRefused):
        asked(opened(anonymous_read=True), **headers)


def test_two_credentials_are_refused() -> None:
    with pytest.raises(Misplaced):
        asked(opened(), authorization=f"Bearer {token()}", x_api_key=token())


def test_another_sites_page_cannot_use_the_cookie() -> None:
    cookie = f"{COOKIE}={token()}"
    for site in ("cross-site", "same-site"):
        with pytest.raises(Foreign):
            asked(opened(), cookie=cookie, sec_fetch_site=site)
    assert asked(opened(), cookie=cookie, sec_fetch_site="same-origin").user == "budi"
    assert asked(opened(), x_api_key=token(), sec_fetch_site="cross-site").user == "budi"


def test_websockets_of_other_origins_are_refused() -> None:
    own = opened(allowed_origins="https://partner.test, https://other.test")
    own.check_origin(Headers({"host": "denyut.test"}))
    own.check_origin(Headers({"host": "denyut.test:8000", "origin": "https://denyut.test:8000"}))
    own.check_origin(Headers({"host": "denyut.test", "origin": "https://partner.test"}))
    for origin in (
        "https://evil.test",
        "null",
        "https://denyut.test.evil.test",
        "https://partner.test:444",
        "file://denyut.test",
    ):
        with pytest.raises(Foreign):
            own.check_origin(Headers({"host": "denyut.test", "origin": origin}))


def test_scopes_are_required_each() -> None:
    somebody = Identity("ani", frozenset({"read:mentions"}))
    somebody.require(["read:mentions"])
    with pytest.raises(Forbidden) as refused:
        somebody.require(["read:mentions", "sql", "read:alerts"])
    assert refused.value.challenge.endswith('scope="read:alerts sql"')
    ANYBODY.require(["read:mentions", "sql"])


def test_keys_are_known_by_their_hash_until_they_end(tmp_path: Path) -> None:
    made = key_file(
        tmp_path / "keys.toml",
        one={"owner": "ani", "scopes": ["read:mentions"], "expires": "2030-01-01"},
        two={"owner": "budi", "scopes": ["*"]},
    )
    now = [1_800_000_000.0]
    keys = Keys(read_keys(tmp_path / "keys.toml"), lambda: now[0])
    assert keys.identity(made["one"]) == Identity("ani", frozenset({"read:mentions"}), 1_893_456_000.0)
    assert keys.identity(made["two"]).expires_at is None
    text = (tmp_path / "keys.toml").read_text()
    assert made["one"].rsplit("_", 1)[1] not in text
    other = "_".join([*made["one"].split("_")[:2], made["two"].split("_")[2]])
    for bad in (
        other,
        made["one"][:-1],
        made["one"] + "x",
        made["one"].replace("one", "three"),
        "denyut_one_",
    ):
        with pytest.raises(CredentialRefused) as refused:
            keys.identity(bad)
        assert bad not in str(refused.value)
    now[0] = 1_893_456_000.0
    with pytest.raises(CredentialRefused, match="expired"):
        keys.identity(made["one"])


def test_a_known_and_an_unknown_id_are_compared_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_file(tmp_path / "keys.toml", one={"owner": "ani", "scopes": ["sql"]})
    keys = Keys(read_keys(tmp_path / "keys.toml"))
    compared = []

    def compare(given: str, known: str) -> bool:
        compared.append((len(given), len(known)))
        return compare_digest(given, known)

    monkeypatch.setattr("api.access.keys.hmac.compare_digest", compare)
    for name in ("one", "unknown"):
        with pytest.raises(CredentialRefused, match="the key is not known"):
            keys.identity(new_key(name)[0])
    assert compared == [(64, 64), (64, 64)]


def test_a_new_entry_is_what_the_file_wants(tmp_path: Path) -> None:
    key, entry = new_entry("a-1", 'Ani "A" Wijaya\\', ["read:mentions", "sql"], "2099-12-31")
    (tmp_path / "keys.toml").write_text(f"{entry}\n{new_entry('b', 'budi', ['*'], None)[1]}\n")
    records = read_keys(tmp_path / "keys.toml")
    found = Keys(records).identity(key)
    assert found.user == 'Ani "A" Wijaya\\'
    assert found.scopes == frozenset({"read:mentions", "sql"})
    assert records[0].expires is not None
    assert records[0].expires.isoformat() == "2099-12-31T00:00:00+00:00"


@pytest.mark.parametrize(
    "wrong",
    [
        ("A b", "o", ["*"], None),
        ("a", "", ["*"], None),
        ("a", "o", ["read"], None),
        ("a", "o", ["*"], "soon"),
    ],
)
def test_a_new_entry_that_the_file_would_not_want_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- whichever part it is
        new_entry(*wrong)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[[key]]\nid = 1", "key 1: id"),
        ('[[key]]\nid = "a"\nhash = "secret-hash"\nowner = "a"\nscopes = ["*"]', "key 1: hash"),
        ('[[key]]\nid = "a"\nsecret = "x"', "key 1"),
        ("[[key", "keys.toml"),
        (_ENTRY * 2, "twice"),
    ],
)
def test_a_wrong_file_of_keys_is_named_without_its_hashes(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "keys.toml").write_text(text)
    with pytest.raises(Fatal, match=why) as refused:
        read_keys(tmp_path / "keys.toml")
    assert "secret-hash" not in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"token_secret": "short"}, "fewer than 32 bytes"),
        ({"token_issuer": None}, "TOKEN_ISSUER"),
        ({"token_keys": Path("keys")}, "not both"),
        ({"token_secret": None, "token_issuer": None}, "nobody could read"),
    ],
)
def test_settings_that_would_be_open_or_shut_by_mistake_are_refused(
    changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(ValidationError, match=why):
        opened(**changes)


def test_no_refusal_can_break_a_header() -> None:
    for refused in (
        CredentialMissing(),
        CredentialRefused("the token is not valid"),
        Misplaced("one"),
        Forbidden(["sql"]),
        Foreign("x"),
    ):
        assert isinstance(refused, AccessRefused)
        assert "\n" not in refused.challenge
        assert "\r" not in refused.challenge
        assert refused.challenge.isascii()
