"""Worker processes that sum their parts of an array in shared memory.

Each is spawned, and so imports NumPy before it begins. Healthy with many passes over the array.
"""

import argparse
import multiprocessing
import time
from multiprocessing import shared_memory

import numpy

import truth

LENGTH = 4_000_000


def work(name, n, workers, passes, results):
    began = time.process_time()
    segment = shared_memory.SharedMemory(name)
    numbers = numpy.ndarray(LENGTH, buffer=segment.buf)
    part = numpy.array_split(numbers, workers)[n]
    total = sum(int(part.sum()) for _ in range(passes))
    working = time.process_time() - began
    del numbers, part
    segment.close()
    results.put((total, working, time.process_time()))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workers", type=int)
    parser.add_argument("passes", type=int)
    given = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    segment = shared_memory.SharedMemory(create=True, size=8 * LENGTH)
    numpy.ndarray(LENGTH, buffer=segment.buf)[:] = 1
    results = context.SimpleQueue()
    arguments = [
        (segment.name, n, given.workers, given.passes, results) for n in range(given.workers)
    ]
    workers = [context.Process(target=work, args=each) for each in arguments]
    for worker in workers:
        worker.start()
    answers = [results.get() for _ in workers]
    for worker in workers:
        worker.join()
    segment.unlink()
    truth.tell(
        sums=sum(answer[0] for answer in answers) // LENGTH,
        working_s=sum(answer[1] for answer in answers),
        on_cpu_s=sum(answer[2] for answer in answers),
    )


if __name__ == "__main__":
    main()
