"""The README's examples, run: each `$ command` must print what stands below it.

A block that opens with the name of a file (`# find.py`) is that file. In what is printed, `…`
stands for anything, milliseconds for any, and the checkout may lie anywhere."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from support.daemon import Daemon, bin_path

SOURCE = os.environ["SEARCHD_SOURCE_DIR"]
# What Debian's netcat-openbsd, nodejs and others may lack on the machine at hand.
OPTIONAL = ("nc", "node")


def blocks(text):
    """(language, lines, number of the first line) of each fenced block."""
    found, number = None, 0
    for number, line in enumerate(text.split("\n"), 1):
        if found is None and line.startswith("```"):
            found = (line[3:], [], number + 1)
        elif line == "```":
            yield found
            found = None
        elif found is not None:
            found[1].append(line)


def commands(lines, number):
    """(command, expected output, line) of each `$ command` of a console block."""
    command, expected, at = None, [], number
    for offset, line in enumerate(lines):
        if line.startswith("$ "):
            if command is not None:
                yield command, expected, at
            command, expected, at = line[2:], [], number + offset
        else:
            expected.append(line)
    yield command, expected, at


def pattern(expected):
    """A regular expression for the output that a page shows."""
    text = re.escape("\n".join(expected).strip("\n"))
    text = text.replace("…", r"[\s\S]*?")
    text = text.replace("/home/ada/searchd", r"\S*?")
    return re.sub(r"\d+\\\.\d\\ ms", r"\\d+\\.\\d\\ ms", text)


class Readme(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(roots=[os.path.join(SOURCE, "tests", "corpus")])
        cls.checkout = tempfile.mkdtemp(prefix="searchd-readme-")
        try:
            cls.daemon.start()
            cls.daemon.wait_for_log("synced")
            cls.lay_checkout()
        except BaseException:
            cls.tearDownClass()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.daemon.clean()
        shutil.rmtree(cls.checkout)

    @classmethod
    def lay_checkout(cls):
        """A folder that looks like the checkout after the quick start."""
        quickstart = os.path.join(cls.checkout, "build", "quickstart")
        os.makedirs(os.path.join(quickstart, "run"))
        bin_dir = os.path.dirname(bin_path("searchd"))
        os.symlink(cls.daemon.socket_path, os.path.join(quickstart, "run", "searchd.sock"))
        os.symlink(cls.daemon.data, os.path.join(quickstart, "run", "data"))
        os.symlink(bin_dir, os.path.join(quickstart, "bin"))
        os.symlink(os.path.join(bin_dir, "..", "lib"), os.path.join(quickstart, "lib"))
        for name in ("include", "tests", "config"):
            os.symlink(os.path.join(SOURCE, name), os.path.join(cls.checkout, name))
        tools = os.path.join(cls.checkout, "build", "tools")
        os.mkdir(tools)
        with open(os.path.join(tools, "cc"), "w", encoding="utf-8") as file:
            file.write('#!/bin/sh\nexec %s "$@"\n' % os.environ["SEARCHD_CC"])
        os.chmod(file.name, 0o755)
        cls.env = dict(os.environ, SEARCHC_SOCKET=cls.daemon.address,
                       PATH=os.pathsep.join([tools, bin_dir, os.environ["PATH"]]))

    def run_block(self, lines, number):
        for command, expected, at in commands(lines, number):
            tools = [tool for tool in OPTIONAL if re.search(r"(^|\| )%s " % tool, command)]
            lacking = [tool for tool in tools if shutil.which(tool) is None]
            if lacking:
                print(f"SKIPPED README.md:{at}: no {lacking[0]} on this machine", file=sys.stderr)
                continue
            done = subprocess.run(["sh", "-c", command], cwd=self.checkout, env=self.env,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=120, check=False)
            printed = done.stdout.decode(errors="replace").strip("\n")
            with self.subTest(line=at, command=command):
                self.assertIsNotNone(re.fullmatch(pattern(expected), printed),
                                     "\nprinted:\n%s\nREADME.md:%d has:\n%s" %
                                     (printed, at, "\n".join(expected)))

    def test_every_example_prints_what_it_shows(self):
        with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
            found = list(blocks(file.read()))
        for language, lines, number in found:
            name = re.match(r"(?:#|//|/\*) (\w+\.\w+)", lines[0])
            if name:
                path = os.path.join(self.checkout, name.group(1))
                with open(path, "w", encoding="utf-8") as file:
                    file.write("\n".join(lines) + "\n")
            elif language == "console":
                self.run_block(lines, number)
        self.assertGreaterEqual(sum(language == "console" for language, _, _ in found), 8)
