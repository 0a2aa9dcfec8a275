"""Workers that compute one spectrogram after the other, each on data of its own.

The temporaries of a turn are at the top of the heap, which glibc gives back to the kernel when they
are freed. Healthy with MALLOC_TOP_PAD_=134217728 in the environment.
"""

import argparse
import multiprocessing
import os
import resource
import time

import numpy
import scipy.signal

import truth


def work(seconds, turns, results):
    data = numpy.random.default_rng(os.getpid()).normal(size=264_600)
    over = truth.deadline(seconds)
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    began = time.process_time()
    done = 0
    while done < turns if turns else not over():
        scipy.signal.spectrogram(data, 8820, window="hann", nperseg=512, noverlap=256)
        done += 1
    cpu_s = time.process_time() - began
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults
    results.put({"pid": os.getpid(), "turns": done, "cpu_s": cpu_s, "faults": faults})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workers", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--turns", type=int, help="so many for each worker, however long it takes")
    given = parser.parse_args()
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    arguments = (given.seconds, given.turns, results)
    workers = [context.Process(target=work, args=arguments) for _ in range(given.workers)]
    for worker in workers:
        worker.start()
    told = [results.get() for _ in workers]
    for worker in workers:
        worker.join()
    truth.tell(workers=told)


if __name__ == "__main__":
    main()
