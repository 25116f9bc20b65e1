"""How long our own code takes, apart from what the machine and the rest of the test run are doing meanwhile."""

import gc
import time
from collections.abc import Callable, Iterable


def processor_seconds(
    work: Callable[[], object], *, rounds: int = 5, choose: Callable[[Iterable[float]], float] = min
) -> float:
    """Return the processor time that the work took of this thread, in seconds: of several rounds, the shortest.

    What thousands of earlier tests left in memory is kept out of the garbage collector's sight meanwhile: a full
    collection of that, which may fall into any round, takes longer than what is measured. The shortest round counts
    unless ``choose`` is another, because a busy neighbour can only add to the others.
    """
    gc.collect()
    gc.freeze()
    try:
        return choose(_seconds_of_a_round(work) for _ in range(rounds))
    finally:
        gc.unfreeze()


def _seconds_of_a_round(work: Callable[[], object]) -> float:
    started = time.thread_time()
    work()
    return time.thread_time() - started
