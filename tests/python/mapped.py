"""A file of doubles that is mapped, looked at here and there, and unmapped in each turn.

Healthy with --keep: it is mapped once.
"""

import argparse
import os
import tempfile

import numpy as np

import truth


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mib", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "columns.npy")
        np.save(path, np.ones(given.mib << 17))
        columns = np.load(path, mmap_mode="r") if given.keep else None
        turns = 0
        over = truth.deadline(given.seconds)
        while not over():
            if not given.keep:
                columns = np.load(path, mmap_mode="r")
            # One of each page.
            assert columns[::512].sum() == given.mib << 8
            turns += 1
        truth.tell(turns=turns, file_bytes=os.path.getsize(path))


if __name__ == "__main__":
    main()
