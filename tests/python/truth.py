"""What each program here says of itself: one line of JSON, its last word."""

import json
import os
import time


def deadline(seconds):
    """A function that tells whether so many seconds have passed since now."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def cpus():
    """CPUs that this process may run on."""
    return len(os.sched_getaffinity(0))


def tell(**figures):
    print(json.dumps(figures), flush=True)
