"""What the command costs before it does anything: CPU seconds over those of a bare interpreter.

    python benchmarks/startup.py

Prints the median of 15 runs of each; the limit for --help is 0.15 s.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys


def cpu_seconds(*arguments: str, runs: int = 15) -> list[float]:
    """CPU seconds, user and system, of so many runs of this interpreter, ascending."""
    seconds = []
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return sorted(seconds)


if __name__ == "__main__":
    bare = statistics.median(cpu_seconds("-c", "pass"))
    print(f"bare interpreter     {bare:.3f} s")
    for arguments in (("--help",), ("--version",), ("rates", "--help")):
        took = statistics.median(cpu_seconds("-m", "misid", *arguments))
        print(f"misid {' '.join(arguments):<14} {took:.3f} s, {took - bare:.3f} s over it")
