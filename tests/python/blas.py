"""Products of matrices by the BLAS library that NumPy brings, with a number of threads of its own.

With more threads than CPUs they wait for each other at the end of each product.
"""

import argparse
import time

import numpy
import threadpoolctl

import truth


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("threads_per_cpu", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--size", type=int, default=512, help="rows and columns of a matrix")
    given = parser.parse_args()
    factor = numpy.random.default_rng(1).normal(size=(given.size, given.size))
    product = numpy.empty_like(factor)
    threads = given.threads_per_cpu * truth.cpus()
    products = 0
    with threadpoolctl.threadpool_limits(threads, user_api="blas"):
        over = truth.deadline(given.seconds)
        began = time.process_time()
        while not over():
            numpy.matmul(factor, factor, out=product)
            products += 1
        cpu_s = time.process_time() - began
        libraries = threadpoolctl.threadpool_info()
    truth.tell(products=products, cpu_s=cpu_s, libraries=libraries)


if __name__ == "__main__":
    main()
