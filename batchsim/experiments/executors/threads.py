"""How many threads linear algebra takes: one, where cores are shared or matrices are small.

Its libraries start a thread a core each when they are loaded, which is when NumPy or SciPy is imported first: what is
said later has no effect in the same process.
"""

from __future__ import annotations

import os

#: What OpenBLAS and MKL look at.
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def prefer_one_thread() -> None:
    """Have one thread, in this process and those it starts, unless the user said otherwise."""
    for name in ONE_THREAD:
        os.environ.setdefault(name, "1")
