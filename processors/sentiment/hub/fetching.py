"""The files of a model on the Hub, from huggingface_hub's own cache where they are there."""

from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import LocalEntryNotFoundError

from schemas.errors import Fatal

WANTED = (
    "config.json",
    "*.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "*.model",
)


def fetched(name: str) -> Path:
    """The folder of `owner/model` or `owner/model@revision`; what was fetched once is not asked for again.

    Raises:
        Fatal: it is not to be had; says why.
    """
    repository, _, revision = name.partition("@")
    try:
        return _snapshot(repository, revision, offline=True)
    except LocalEntryNotFoundError:
        pass
    try:
        return _snapshot(repository, revision, offline=False)
    except (
        OSError,
        ValueError,
    ) as error:  # huggingface_hub's errors of network and of repositories are OSErrors
        reason = " ".join(str(error).split())
        raise Fatal(f"model {name!r} cannot be had from the Hub: {reason}") from error


def _snapshot(repository: str, revision: str, *, offline: bool) -> Path:
    return Path(
        snapshot_download(
            repository, revision=revision or None, allow_patterns=list(WANTED), local_files_only=offline
        )
    )
