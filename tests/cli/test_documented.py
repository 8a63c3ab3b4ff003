"""The help, the man page and the completion name the same options."""

import os
import re
import subprocess
import unittest

from support.daemon import bin_path


def read(path):
    with open(os.path.join(os.environ["SEARCHD_SOURCE_DIR"], path), encoding="utf-8") as file:
        return file.read()


class Documented(unittest.TestCase):
    def setUp(self):
        out = subprocess.run([bin_path("searchc"), "--help"], capture_output=True, timeout=60,
                             check=True).stdout.decode()
        self.options = set()
        for line in out.splitlines():
            match = re.match(r"  (?:(-.)|   )(?:, )? *(--[a-z]+)?", line)
            if match and line.startswith("  ") and "-" in line[:8]:
                self.options |= {option for option in match.groups() if option}

    def test_help_is_read_right(self):
        self.assertTrue({"-n", "-h", "--help", "--put", "--offset", "-0"} <= self.options)

    def test_man_page(self):
        page = read("config/man/searchc.1").replace("\\-", "-")
        section = page.split(".SH OPTIONS")[1].split(".SH ENVIRONMENT")[0]
        named = {option for line in section.splitlines() if re.match(r"\.BR? -|\.BI -", line)
                 for option in re.findall(r"(?<![\w-])--?[a-z0-9C]+", re.sub('"[^"]*"', " ", line))}
        self.assertEqual(named, self.options)

    def test_completion(self):
        words = re.search(r'options="([^"]*)"', read("config/completions/searchc.bash")).group(1)
        self.assertEqual(set(words.split()), self.options)

    def complete(self, *words):
        """What the completion offers for the last of these words."""
        script = 'source "$1"; shift; COMP_WORDS=(searchc "$@"); COMP_CWORD=$#; _searchc; ' \
                 'printf "%s\\n" "${COMPREPLY[@]}"'
        path = os.path.join(os.environ["SEARCHD_SOURCE_DIR"], "config/completions/searchc.bash")
        return subprocess.run(["bash", "-c", script, "bash", path, *words], capture_output=True,
                              timeout=60, check=True).stdout.decode().split()

    def test_completion_of_values(self):
        self.assertEqual(self.complete("--match", "a"), ["all", "any"])
        self.assertEqual(self.complete("--facets", ""), "source lang type year month".split())
        self.assertEqual(self.complete("--facets", "source,y"), ["source,year"])
        self.assertEqual(self.complete("--cursor", ""), [])


if __name__ == "__main__":
    unittest.main()
