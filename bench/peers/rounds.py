"""How a peer in Python talks to a benchmark: for every line on standard input one timed round, answered by one JSON line."""

import json
import resource
import sys
import time


def serve(step, round_steps, wait=None, **facts):
    """Says that it is ready, once `step` has run warm, and what it is; then runs rounds of `round_steps` steps.

    `wait` returns when a device has done all that it was told.
    """
    wait = wait or (lambda: None)
    for _ in range(2):
        step()
    wait()
    versions = {name: sys.modules[name].__version__ for name in ("torch", "numpy") if name in sys.modules}
    print(json.dumps({"ready": True, **versions, **facts}), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        for _ in range(round_steps):
            step()
        wait()
        seconds = (time.perf_counter() - start) / round_steps
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "peakMiB": peak}), flush=True)
