"""What damaged files do to the readers: 10,000 of them, each within ten seconds, read or refused with a sentence.

``python -m benchmarks.mutated_files [--files 10000] [--from 0]``: files of every kind, mutated (`benchmarks.mutations`)
and read to their end. Counted are those that were read, those that were refused, by their errors, and those that broke
a rule of the readers or took longer than the limit; of the latter the numbers are given, by which they can be made
again. The exit status is 1 when there is any.
"""

import argparse
import json
import signal
import sys
import time
from collections import Counter
from typing import Any

from benchmarks import measure
from benchmarks.mutations import looked_through, mutated, seeds

SECONDS_MAX = 10


def main() -> None:
    """Read them all and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--from", dest="first", type=int, default=0, help="the number of the first")
    options = parser.parse_args()
    files = seeds()
    ends: Counter[str] = Counter()
    faults: list[dict[str, Any]] = []
    times: list[float] = []
    signal.signal(signal.SIGALRM, _too_slow)
    for number in range(options.first, options.first + options.files):
        name, content = mutated(number, files)
        began = time.perf_counter()
        signal.alarm(SECONDS_MAX)
        try:
            end = looked_through(content)
        except Exception as error:  # whatever it is: that is what is looked for
            end = "fault"
            faults.append({"number": number, "of": name, "error": f"{type(error).__name__}: {error}"[:300]})
        finally:
            signal.alarm(0)
        times.append((time.perf_counter() - began) * 1_000)
        ends[end] += 1
    print(
        json.dumps(
            {
                "files": options.files,
                "read": sum(ends[kind] for kind in ("csv", "xlsx", "zip")),
                "ends": dict(ends.most_common()),
                "milliseconds": measure.summary(times),
                "slowest": {"number": options.first + times.index(max(times)), "seconds": round(max(times) / 1_000, 2)},
                "peak_mb": round(measure.own_peak_mb()),
                "faults": faults,
            },
            indent=2,
        )
    )
    sys.exit(1 if faults else 0)


def _too_slow(*_signal: object) -> None:
    raise TimeoutError(f"longer than {SECONDS_MAX} s")


if __name__ == "__main__":
    main()
