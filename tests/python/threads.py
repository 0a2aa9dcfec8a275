"""Threads that compute in pure Python, and so take turns at the interpreter lock.

Healthy with one thread.
"""

import argparse
import threading

import truth


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("threads", type=int)
    parser.add_argument("seconds", type=float)
    given = parser.parse_args()
    turns = [0] * given.threads
    over = truth.deadline(given.seconds)

    def count(n):
        while not over():
            sum(range(1_000))
            turns[n] += 1

    threads = [threading.Thread(target=count, args=(n,)) for n in range(given.threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    truth.tell(turns=turns)


if __name__ == "__main__":
    main()
