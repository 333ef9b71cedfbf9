"""Errors are decisions: what a runner does next is told by the type.

DenyutError
├── Retryable      back off and try the same thing again
│   └── Backpressure   try again after `retry_after` seconds; pause the input meanwhile
├── Poison         this record can never work: dead letter, go on
└── Fatal          this process cannot go on: exit, the supervisor restarts it
"""


class DenyutError(Exception):
    """The base of every error this project raises on purpose."""


class Retryable(DenyutError):  # noqa: N818 -- named for the decision, not the mishap
    """The same call may work later."""


class Backpressure(Retryable):
    """The other side is full; `retry_after` is in seconds."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Poison(DenyutError):  # noqa: N818 -- named for the decision, not the mishap
    """The record itself is at fault.

    `reason` is one of `undecodable`, `malformed`, `oversized`, `invalid`, `rejected` (the dead letter's reason).
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class Fatal(DenyutError):  # noqa: N818 -- named for the decision, not the mishap
    """Going on would lose or double something, or cannot work at all."""
