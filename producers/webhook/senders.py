"""Who may send: a TOML file of names, each with a token and the key of its signatures."""

import hmac
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, TypeAdapter

from producers.lists import Name, Zone, read_list
from schemas.errors import Fatal

_LEAST = 16


class Sender(BaseModel):
    """One sender; `name` is the source of its posts. Times that name no zone are in `zone`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    token: Annotated[SecretStr, Field(min_length=_LEAST)]
    key: Annotated[SecretStr, Field(min_length=_LEAST)]
    zone: Zone = "UTC"


_SENDERS = TypeAdapter(tuple[Sender, ...])


def load_senders(path: Path | None) -> tuple[Sender, ...]:
    """The senders of the TOML file (tables `[[senders]]`); raises Fatal where there is none, or it is wrong."""
    if path is None:
        raise Fatal("webhook needs a TOML file of those who may send: DENYUT_WEBHOOK_SENDERS")
    senders = read_list(path, "senders", _SENDERS)
    if len({_said(one) for one in senders}) < len(senders):
        raise Fatal(f"{path}: two senders with one token")
    return senders


def who(senders: Iterable[Sender], token: str) -> Sender | None:
    """The sender of that token; every token is compared, in a time that tells nothing."""
    found = None
    for sender in senders:
        if hmac.compare_digest(_said(sender).encode(), token.encode("utf-8", "replace")):
            found = sender
    return found


def _said(sender: Sender) -> str:
    return sender.token.get_secret_value()
