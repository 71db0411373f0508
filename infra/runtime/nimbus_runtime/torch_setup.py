"""What PyTorch needs on every target: as many threads as there are processors for it, nothing from the network."""

import os
import sys

MOST_THREADS = 16
"""More do not pay for the inputs of single requests."""

OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TOKENIZERS_PARALLELISM": "false",  # a worker answers one request at a time, and may be forked
}


def prepare():
    """Before the import of torch: models come from their own folder only, and stay on the processor."""
    os.environ.update(OFFLINE)
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    if "OMP_NUM_THREADS" not in os.environ:
        os.environ["OMP_NUM_THREADS"] = str(threads())


def threads():
    """Processors that this process may use, a container's share included; at least one."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows
        count = os.cpu_count() or 1
    return max(1, min(count, _quota() or count, MOST_THREADS))


def _quota():
    """Whole processors that a control group of Linux grants, None where it sets no limit."""
    try:
        with open("/sys/fs/cgroup/cpu.max", encoding="ascii") as file:
            quota, period = file.read().split()
        return None if quota == "max" else -(-int(quota) // int(period))
    except (OSError, ValueError):
        return None


def version():
    """Of the torch that is loaded, None where there is none."""
    torch = sys.modules.get("torch")
    return None if torch is None else str(torch.__version__)
