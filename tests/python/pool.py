"""A pool of worker processes and one that feeds it, which waits for each answer before it asks for the next.

Healthy with --parallel: all tasks of a round are given out before the first answer is waited for. With a small
--size it is the feeding that takes the time, either way.
"""

import argparse
import multiprocessing
import os
import time

import truth


def task(n, size):
    """A millisecond of work for each 20,000 of its size: when it began and ended, and where it was done."""
    began = time.monotonic()
    total = 0
    for i in range(size):
        total += i * n
    return began, time.monotonic(), os.getpid()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workers", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--parallel", action="store_true")
    parser.add_argument("--size", type=int, default=100_000)
    given = parser.parse_args()
    answers = []
    with multiprocessing.get_context("fork").Pool(given.workers) as pool:
        over = truth.deadline(given.seconds)
        while not over():
            if given.parallel:
                pending = [pool.apply_async(task, (n, given.size)) for n in range(8 * given.workers)]
                answers += [answer.get() for answer in pending]
            else:
                answers += [pool.apply_async(task, (n, given.size)).get() for n in range(given.workers)]
        pool.close()
        pool.join()
    first, last = min(answer[0] for answer in answers), max(answer[1] for answer in answers)
    busy = sum(answer[1] - answer[0] for answer in answers)
    truth.tell(
        tasks=len(answers),
        workers=len({answer[2] for answer in answers}),
        at_once=busy / (last - first),
    )


if __name__ == "__main__":
    main()
