"""Runs a command and adds a line on it to a table:

    python3 timed.py TABLE.tsv NAME FOLDER COMMAND...

NAME, wall seconds, CPU seconds, peak memory in MB, MB in FOLDER afterwards. What the command
prints goes to standard error. It ends as the command did; no line then, unless that was well."""

import os
import resource
import subprocess
import sys
import time


def megabytes(folder):
    total = 0
    for path, _, names in os.walk(folder):
        total += sum(os.path.getsize(os.path.join(path, name)) for name in names)
    return total / 1e6


def main(args):
    if len(args) < 4:
        print(__doc__, file=sys.stderr)
        return 2
    table, name, folder, command = args[0], args[1], args[2], args[3:]
    start = time.monotonic()
    code = subprocess.run(command, stdout=sys.stderr, check=False).returncode
    wall = time.monotonic() - start
    if code != 0:
        print(f"timed: {name}: ended with {code}", file=sys.stderr)
        return 1
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(table, "a", encoding="utf-8") as out:
        out.write(f"{name}\t{wall:.1f}\t{used.ru_utime + used.ru_stime:.1f}\t"
                  f"{used.ru_maxrss / 1024:.0f}\t{megabytes(folder):.0f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
