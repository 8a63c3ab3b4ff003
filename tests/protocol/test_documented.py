"""The examples of daemon/PROTOCOL.md, run in their order against one daemon."""

import json
import os
import re
import unittest

from common import Daemon

PAGE = os.path.join(os.environ["SEARCHD_SOURCE_DIR"], "daemon", "PROTOCOL.md")


def examples():
    """Pairs of a request line and the reply it shows, `…` standing for any value."""
    with open(PAGE, encoding="utf-8") as page:
        blocks = re.findall(r"```\n(> .*?)```", page.read(), re.DOTALL)
    for block in blocks:
        lines = block.splitlines()
        for sent, shown in zip(lines[::2], lines[1::2]):
            assert sent.startswith("> ") and shown.startswith("< "), (sent, shown)
            shown = shown[2:].replace("[…]", "…").replace("…", '"\\u2026"')
            yield sent[2:], shown


class Documented(unittest.TestCase):
    def same(self, shown, got, where):
        """Equal, but for what the page leaves open."""
        if shown == "…":
            return
        if isinstance(shown, dict):
            self.assertEqual(list(shown), list(got), where)
            for key in shown:
                self.same(shown[key], got[key], "%s.%s" % (where, key))
        elif isinstance(shown, list):
            self.assertEqual(len(shown), len(got), where)
            for i, item in enumerate(shown):
                self.same(item, got[i], "%s[%d]" % (where, i))
        else:
            self.assertEqual(shown, got, where)

    def test_examples(self):
        run = 0
        with Daemon() as daemon, daemon.connect() as c:
            for sent, shown in examples():
                self.same(json.loads(shown), c.request(sent), sent)
                run += 1
        self.assertGreater(run, 12)

    def test_every_operation_and_limit_is_on_the_page(self):
        with open(PAGE, encoding="utf-8") as page:
            text = page.read()
        with Daemon() as daemon:
            hello = daemon.request({"op": "hello"})
        for op in hello["operations"]:
            self.assertRegex(text, r"\b%s\b" % op["op"])
            for param in op["params"]:
                self.assertRegex(text, r"\b%s\b" % param["name"], op["op"])


if __name__ == "__main__":
    unittest.main()
