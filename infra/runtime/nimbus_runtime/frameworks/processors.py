"""How much of the machine a worker may use."""

import os


def threads():
    """Processors that this process may use; OMP_NUM_THREADS where the user has set it."""
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    if wanted.isdigit() and int(wanted) > 0:
        return int(wanted)
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
