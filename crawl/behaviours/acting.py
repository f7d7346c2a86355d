"""Does the plan of a visit on its page. What goes wrong in a behaviour becomes the outcome of its row."""

import asyncio
import time
from collections.abc import Sequence

from overscripted.crawl import settings
from overscripted.crawl.behaviours.page import Page
from overscripted.crawl.behaviours.plan import Step
from overscripted.crawl.firefox.bidi import BidiClosed


async def act(page: Page, steps: Sequence[Step], dwell_s: float) -> None:
    """Do the steps in order; each has a row ``step`` in ``actions``, after the rows of what it did.

    A step has its own limit of time, and ends `settings.AFTER_ACTIONS_S` before the dwell does. One without
    time left is not begun: its row says ``cut``. Raises nothing but BidiClosed and CancelledError.
    """
    ends = time.monotonic() + max(dwell_s - settings.AFTER_ACTIONS_S, 0.0)
    for step in steps:
        began = time.monotonic()
        page.step = step.name
        page.ends = min(began + step.behaviour.limit_s, ends)
        outcome, error = "cut", ""
        try:
            if page.left_s:
                async with asyncio.timeout(page.left_s):
                    await step.behaviour.run(page, step.argument)
                outcome = "done"
        except TimeoutError:
            pass
        except BidiClosed:
            raise
        except (Exception, SystemExit) as wrong:  # also of a user's own behaviour: the visit goes on
            outcome, error = "failed", f"{type(wrong).__name__}: {wrong}"
        finally:
            page.record("step", str(step), outcome, {"error": error} if error else {}, began)
