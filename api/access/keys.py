"""API keys: random secrets for programs, of which only hashes are kept, in a TOML file."""

import hashlib
import hmac
import json
import re
import secrets
import time
import tomllib
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from api.access.identity import EVERYTHING, Identity
from api.access.refusals import CredentialRefused
from api.access.scopes import SCOPES
from schemas.errors import Fatal

MARK = "denyut"
"""A key is `denyut_ID_SECRET`: who finds one knows whose it is, and scanners for secrets can know it too."""
_FORM = re.compile(rf"{MARK}_([a-z0-9-]{{1,40}})_([A-Za-z0-9]{{43}})")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_NOBODY = hashlib.sha256(secrets.token_bytes(32)).hexdigest()
"""What the secret of an unknown id is compared with, so that it takes as long as that of a known one."""


def _moment(value: Any) -> Any:
    """A day of TOML is its beginning; a time without a zone is UTC."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, datetime) and value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    return value


class KeyRecord(BaseModel):
    """One `[[key]]` of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    hash: str = Field(pattern=r"^[0-9a-f]{64}$")
    owner: str = Field(min_length=1, max_length=200)
    scopes: list[str] = Field(min_length=1)
    expires: Annotated[datetime, BeforeValidator(_moment)] | None = None


class Keys:
    """Accepts the keys of a file. A secret has 43 random letters, so that a plain SHA-256 of it cannot be searched."""

    def __init__(self, records: Iterable[KeyRecord], clock: Callable[[], float] = time.time) -> None:
        self._records = {one.id: one for one in records}
        self._clock = clock

    def identity(self, key: str) -> Identity:
        """Who holds it. Raises CredentialRefused."""
        form = _FORM.fullmatch(key)
        if form is None:
            raise CredentialRefused("this is no key")
        record = self._records.get(form[1])
        known = record.hash if record is not None else _NOBODY
        if not hmac.compare_digest(hash_of(form[2]), known) or record is None:
            raise CredentialRefused("the key is not known")
        ends = record.expires.timestamp() if record.expires is not None else None
        if ends is not None and ends <= self._clock():
            raise CredentialRefused("the key has expired")
        return Identity(record.owner, frozenset(record.scopes), ends)


def looks_like_key(credential: str) -> bool:
    """Whether it is meant as a key, not as a token."""
    return credential.startswith(f"{MARK}_")


def hash_of(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_key(name: str) -> tuple[str, str]:
    """A new key under an id, to be shown once, and the hash to be kept."""
    secret = "".join(secrets.choice(_LETTERS) for _ in range(43))
    return f"{MARK}_{name}_{secret}", hash_of(secret)


def new_entry(name: str, owner: str, scopes: Sequence[str], expires: str | None) -> tuple[str, str]:
    """A new key, and its entry for the file as TOML. Raises ValueError where something is not what it should be."""
    unknown = sorted(set(scopes) - {*SCOPES, EVERYTHING})
    if unknown:
        raise ValueError(f"not known as scopes: {', '.join(unknown)}")
    key, kept = new_key(name)
    ends = date.fromisoformat(expires) if expires else None
    record = KeyRecord(id=name, hash=kept, owner=owner, scopes=list(scopes), expires=_moment(ends))
    fields = {"id": record.id, "hash": record.hash, "owner": record.owner, "scopes": record.scopes}
    # JSON's texts and lists are TOML's, too.
    lines = [f"{field} = {json.dumps(value, ensure_ascii=False)}" for field, value in fields.items()]
    return key, "\n".join(["[[key]]", *lines, *([f"expires = {ends.isoformat()}"] if ends else [])])


def read_keys(path: Path) -> list[KeyRecord]:
    """The keys of a file. Raises Fatal, which names the place and never shows a hash."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8")).get("key", [])
    except (OSError, ValueError) as error:
        raise Fatal(f"DENYUT_API_KEYS: {path}: {error}") from None
    records: dict[str, KeyRecord] = {}
    for number, table in enumerate(tables, 1):
        try:
            record = KeyRecord.model_validate(table)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise Fatal(f"DENYUT_API_KEYS: {path}: key {number}: {where}: {first['msg']}") from None
        if record.id in records:
            raise Fatal(f"DENYUT_API_KEYS: {path}: the id {record.id} stands there twice")
        records[record.id] = record
    return list(records.values())
