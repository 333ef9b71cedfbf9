"""`python -m processors STAGE`: run one stage until it is told to stop; `… backtest RULE.json`: a rule over history."""

import argparse
import sys

import structlog

from processors.app import STAGES
from processors.backtest.command import main as backtest
from processors.batching import run_worker, watch
from schemas import logs
from schemas.access import check_access
from schemas.errors import DenyutError
from schemas.exposition import expose
from schemas.flow import step
from schemas.topics import TOPICS

log = structlog.get_logger()


def main(words: list[str] | None = None) -> int:
    """0 when asked to stop (or history was read), 1 for wrong settings or when something ended the stage, 2 for wrong arguments."""
    words = sys.argv[1:] if words is None else words
    if words[:1] == ["backtest"]:
        return backtest(words[1:])
    parser = argparse.ArgumentParser(
        prog="python -m processors",
        description="Run one stage; or `backtest RULE.json --from … --to …`: when a rule would have told.",
    )
    parser.add_argument("stage", choices=sorted(STAGES), help="which stage")
    stage = parser.parse_args(words).stage
    settings, build = STAGES[stage]()
    logs.configure(stage, settings)
    try:
        port = expose(settings)
        check_access(settings)
        app = build()
    except DenyutError as error:
        log.error("stage_cannot_start", stage=stage, error=str(error))  # noqa: TRY400 -- its words say it all
        return 1
    log.info("stage_starting", stage=stage, kafka=settings.kafka, prefix=settings.topic_prefix, metrics=port)
    watch(app, [TOPICS[name].full_name(settings.topic_prefix) for name in step(stage).outputs])
    return run_worker(app)


if __name__ == "__main__":
    sys.exit(main())
