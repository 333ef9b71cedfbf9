"""`python -m deploy.alive URL…`: whether the process behind one of these addresses is well. The image's health check.

0 where at least one address answers, none answers with an error, and no stage there has stood still for long: a stage
whose process runs and whose work stands still is not well. Only the standard library, for it runs every few seconds.
"""

import sys
import urllib.error
import urllib.request
from collections.abc import Sequence

STALLED_S = 90.0
"""Before a stage's own watchdog (120 s) ends it."""
_TIMEOUT_S = 4
_STALLED = b"denyut_stage_stalled_seconds{"


def problem(url: str) -> str | None:
    """What is wrong at `url`, empty where nothing is, None where nobody listens."""
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:  # noqa: S310 -- its caller's own address
            lines = answer.read().splitlines()
    except urllib.error.HTTPError as error:
        return f"{url} answers {error.code}"
    except (urllib.error.URLError, ConnectionError):
        return None
    except TimeoutError:
        return f"{url} does not answer within {_TIMEOUT_S} s"
    stalled = max(
        (float(line.rsplit(b" ", 1)[1]) for line in lines if line.startswith(_STALLED)), default=0.0
    )
    return f"no progress for {stalled:.0f} s" if stalled > STALLED_S else ""


def main(urls: Sequence[str]) -> int:
    """The exit status; what is wrong goes to standard error."""
    problems = [found for url in urls if (found := problem(url)) is not None]
    bad = [found for found in problems if found] or ([] if problems else ["nobody listens"])
    sys.stderr.writelines(f"denyut: {found}\n" for found in bad)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
