"""Threads that compute in pure Python, and so take turns at the interpreter lock; with --array they multiply an
array, for which NumPy gives the lock up each time.

Healthy with one thread, or with large arrays.
"""

import argparse
import threading
import time

import numpy as np

import truth


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("threads", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--array", type=int, default=0, metavar="DOUBLES")
    given = parser.parse_args()
    turns = [0] * given.threads
    array = np.ones(given.array)
    over = truth.deadline(given.seconds)

    def count(n):
        while not over():
            if given.array:
                array * 1.0001
            else:
                sum(range(1_000))
            turns[n] += 1

    threads = [threading.Thread(target=count, args=(n,)) for n in range(given.threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    truth.tell(turns=turns, cpu_s=time.process_time())


if __name__ == "__main__":
    main()
