"""Each rule meets a tree that breaks it, and one that does not."""

import os
import tempfile
import unittest

import check

GOOD = {
    "include/searchd/a.h": "/* A. */\n#ifndef SEARCHD_A_H\n#define SEARCHD_A_H\n\n"
                           "int sx_a(void);\n\n#endif\n",
    "index/base/buf.h": "/* B. */\n#ifndef INDEX_BASE_BUF_H\n#define INDEX_BASE_BUF_H\n\n"
                        "#include <searchd/a.h>\n\nint buf_len(void);\n\n#endif\n",
    "index/base/buf.c": '/* Why. */\n#include "index/base/buf.h"\n\nint buf_len(void)\n{\n'
                        "    return 0; /* no strcpy() here */\n}\n",
    "README.md": "# A name\n\nSee [the name](#a-name) and [b](index/base/buf.c).\n",
    "config/run.sh": "# Runs.\ntrue\n",
    ".ci/run": "true\n",
}


class Rules(unittest.TestCase):
    def complaints(self, rule, path=None, text=""):
        """What `rule` says of the good tree with one file changed or added."""
        with tempfile.TemporaryDirectory() as root:
            for name, content in dict(GOOD, **({path: text} if path else {})).items():
                os.makedirs(os.path.dirname(os.path.join(root, name)) or root, exist_ok=True)
                with open(os.path.join(root, name), "w", encoding="utf-8") as file:
                    file.write(content)
            with open(os.path.join(root, ".clang-format"), "w", encoding="utf-8") as file:
                file.write("BasedOnStyle: LLVM\nIndentWidth: 4\nBreakBeforeBraces: Linux\n"
                           "AllowShortFunctionsOnASingleLine: None\n")
            return list(rule(root))

    def assert_broken(self, rule, path, text, says):
        found = self.complaints(rule, path, text)
        self.assertEqual(1, len(found), found)
        self.assertIn(says, found[0])

    def test_a_good_tree_has_no_complaints(self):
        for rule in check.RULES:
            with self.subTest(rule=rule.__name__):
                self.assertEqual([], self.complaints(rule))

    def test_layers(self):
        self.assert_broken(check.layers, "index/query/q.c", '/* Q. */\n#include "daemon/q.h"\n',
                           "no path from the root")
        self.assert_broken(check.layers, "include/searchd/b.h",
                           '/* B. */\n#include "index/base/buf.h"\n', "may not include")
        self.assert_broken(check.layers, "index/new/q.c", "/* Q. */\n", "no layer")

    def test_cycles(self):
        self.assert_broken(check.cycles, "include/searchd/a.h",
                           '/* A. */\n#include "index/base/buf.h"\n', "in a circle")

    def test_libraries(self):
        self.assert_broken(check.libraries, "daemon/d.c", "/* D. */\n#include <sqlite3.h>\n",
                           "daemon/d.c:2: <sqlite3.h> belongs to index/store")
        self.assert_broken(check.libraries, "daemon/d.c", "/* D. */\nint x = sqlite3_step(s);\n",
                           "sqlite3_step belongs to index/store")
        self.assertEqual([], self.complaints(check.libraries, "tests/t.c", "#include <sqlite3.h>\n"))

    def test_calls(self):
        self.assert_broken(check.calls, "tests/t.c", "/* T. */\nint x = atoi(s);\n", "t.c:2: atoi()")
        self.assert_broken(check.calls, "daemon/d.c", "/* D. */\nint *x = malloc(1);\n", "alloc.h")
        self.assert_broken(check.calls, "index/base/b.c", "/* B. */\n\nint x = printf(s);\n", "b.c:3")
        self.assertEqual([], self.complaints(check.calls, "daemon/d.c", "int x = a->free(p);\n"))

    def test_openings(self):
        self.assert_broken(check.openings, "daemon/d.c", "#include <a.h>\n", "its idea")
        self.assert_broken(check.openings, "daemon/d.h", "/* D. */\n#ifndef D_H\n#define D_H\n",
                           "DAEMON_D_H")
        self.assert_broken(check.openings, "index/base/buf.c", "/* B. */\n#include <a.h>\n",
                           '"index/base/buf.h"')
        self.assert_broken(check.openings, "config/run.sh", "#!/bin/sh\ntrue\n", "its idea")

    def test_lengths(self):
        body = "    x();\n"
        self.assert_broken(check.lengths, "daemon/d.c", "void f(int a,\n       int b)\n{\n" +
                           body * 97 + "}\n", "d.c:1: a function of 101 lines")
        self.assertEqual([], self.complaints(check.lengths, "daemon/d.c",
                                             "\nvoid f(int a)\n{\n" + body * 97 + "}\n"))
        self.assert_broken(check.lengths, "daemon/d.c", "\n" * 701, "701 lines")

    def test_whitespace(self):
        self.assert_broken(check.whitespace, "a.md", "a \n", "a.md:1: white space")
        self.assert_broken(check.whitespace, "a.md", "a\tb\n", "a.md:1: a tab")
        self.assert_broken(check.whitespace, "a.md", "a", "one newline")
        self.assert_broken(check.whitespace, "a.md", "a\n\n", "one newline")

    def test_headers(self):
        self.assert_broken(check.headers, "daemon/d.h", "size_t x;\n", "daemon/d.h")
        self.assert_broken(check.headers, "include/searchd/b.h", "int x(int class);\n", "class")

    def test_layout(self):
        self.assert_broken(check.layout, "daemon/d.c", "int  x;\n", "clang-format")

    def test_scripts(self):
        self.assert_broken(check.scripts, "config/run.sh", "if true\n", "run.sh")
        self.assert_broken(check.scripts, ".ci/run", "(\n", ".ci/run")
        self.assert_broken(check.scripts, "tests/t.py", "if\n", "t.py:1")

    def test_links(self):
        self.assert_broken(check.links, "a.md", "[x](gone.md)\n", "gone.md does not exist")
        self.assert_broken(check.links, "a.md", "[x](README.md#other)\n", "#other")
        self.assertEqual([], self.complaints(check.links, "a.md", "`[x](y)` [z](https://z.org)\n"))


if __name__ == "__main__":
    unittest.main()
