"""The two commands of the README on a copy of the sources, and what an installation leaves."""

import os
import shutil
import subprocess
import tempfile
import unittest

SOURCE = os.environ["SEARCHD_SOURCE_DIR"]
INSTALLED = ("bin/searchd", "bin/searchc", "include/searchd/client.h", "share/man/man1/searchc.1",
             "lib/searchd/searchd_fts5.so",
             "share/man/man8/searchd.8", "share/bash-completion/completions/searchc",
             "lib/systemd/system/searchd.service", "lib/systemd/system/searchd.socket",
             "share/doc/searchd/searchd.conf")
PROGRAM = """
#include <searchd/client.h>

int main(void)
{
    struct sx_client *client;
    struct sx_error err;

    return sx_client_open(&client, "/nobody/there", 0, &err) == SX_EUNREACHABLE ? 0 : 1;
}
"""


class Quickstart(unittest.TestCase):
    def setUp(self):
        self.home = tempfile.mkdtemp(prefix="searchd-quickstart-")
        self.addCleanup(shutil.rmtree, self.home)
        self.checkout = os.path.join(self.home, "checkout")
        shutil.copytree(SOURCE, self.checkout, symlinks=True,
                        ignore=shutil.ignore_patterns("build", ".git", "__pycache__"))

    def run_command(self, *command, cwd=None, env=None):
        """Runs it, which must succeed; returns what it printed."""
        done = subprocess.run(command, cwd=cwd or self.checkout, env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
        self.assertEqual(0, done.returncode, done.stdout)
        return done.stdout

    def quickstart(self, *words):
        return self.run_command("sh", "config/quickstart.sh", *words)

    def test_quick_start_and_installation(self):
        self.addCleanup(self.quickstart, "stop")
        first = self.quickstart()
        self.assertIn("24 documents", first)
        self.assertIn("\x1b[1;33mUnit\x1b[0m \x1b[1;33m8200\x1b[0m", first)
        self.assertIn("sh config/quickstart.sh stop", first)
        self.assertIn("runs already", self.quickstart())
        self.assertIn("stopped", self.quickstart("stop"))
        self.assertIn("nothing runs", self.quickstart("stop"))
        self.check_installation()

    def check_installation(self):
        prefix = os.path.join(self.home, "prefix")
        self.run_command("cmake", "--install", "build/quickstart", "--prefix", prefix)
        for path in INSTALLED:
            self.assertTrue(os.path.exists(os.path.join(prefix, path)), path)
        with open(os.path.join(self.home, "program.c"), "w", encoding="utf-8") as file:
            file.write(PROGRAM)
        found = self.run_command("find", prefix, "-name", "searchd.pc").strip()
        env = dict(os.environ, PKG_CONFIG_PATH=os.path.dirname(found))
        self.run_command("sh", "-c", "cc -o program program.c $(pkg-config --cflags --libs searchd)"
                         " && ./program", cwd=self.home, env=env)
