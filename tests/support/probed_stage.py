"""A stage of ours for tests that disturb it: `python -m tests.support.probed_stage STAGE '{"pause_s": …}'`; see `Probing`.

It is configured and built as `python -m processors STAGE` does it.
"""

import dataclasses
import sys

import orjson

from processors.app import STAGES
from processors.batching import run_worker
from schemas.logs import configure
from tests.support.probing import Probing, probe_of

_HEARTBEATS = 4
"""Heartbeats to a session."""


def main() -> int:
    stage, asked = sys.argv[1:]
    probing = Probing(**orjson.loads(asked))
    settings, build = STAGES[stage]()
    configure(stage, settings)
    app = build()
    app.probe = probe_of(probing)
    app.tuning = dataclasses.replace(
        app.tuning,
        session_timeout_s=probing.session_s,
        heartbeat_s=probing.session_s / _HEARTBEATS,
        transaction_timeout_s=probing.transaction_s,
    )
    return run_worker(app)


if __name__ == "__main__":
    sys.exit(main())
