"""How many processors this process may use."""

import os


def cpu_count() -> int:
    """At least one."""
    known = getattr(os, "sched_getaffinity", None)
    return len(known(0)) if known else os.cpu_count() or 1
