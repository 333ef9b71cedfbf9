"""Who may send: a TOML file of names, each with a token and the key of its signatures."""

import hmac
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError

from schemas.errors import Fatal

_LEAST = 16


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError(f"{name!r} is no time zone") from error
    return name


class Sender(BaseModel):
    """One sender; `name` is the source of its posts. Times that name no zone are in `zone`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")]
    token: Annotated[SecretStr, Field(min_length=_LEAST)]
    key: Annotated[SecretStr, Field(min_length=_LEAST)]
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"


_SENDERS = TypeAdapter(tuple[Sender, ...])


def load_senders(path: Path | None) -> tuple[Sender, ...]:
    """The senders of the TOML file (tables `[[senders]]`); raises Fatal where there is none, or it is wrong."""
    if path is None:
        raise Fatal("webhook needs a TOML file of those who may send: DENYUT_WEBHOOK_SENDERS")
    try:
        with path.open("rb") as file:
            senders = _SENDERS.validate_python(tomllib.load(file).get("senders", []))
    except OSError as error:
        raise Fatal(f"cannot read the senders of {path}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise Fatal(f"{path} is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise Fatal(f"{path}: senders.{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    for what, said in (("name", [one.name for one in senders]), ("token", [_said(one) for one in senders])):
        if len(set(said)) < len(said):
            raise Fatal(f"{path}: two senders with one {what}")
    if not senders:
        raise Fatal(f"{path}: no senders")
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
