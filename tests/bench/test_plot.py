"""Plots: well-formed, every figure drawn, larger figures higher."""

import os
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

from bench import plot

SVG = "{http://www.w3.org/2000/svg}"
TABLE = """slow\tterm\ttop10\t100\t300
slow\tterm\ttotal\t110\t300
slow\tterm\ttotal_count\t90\t310
fast<\tterm\ttop10\t0.1\t0.2
slow\tprefix\ttop10\t0.0000\t0.5
"""


class TestPlot(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.table = os.path.join(folder.name, "t.tsv")
        self.out = os.path.join(folder.name, "o.svg")
        with open(self.table, "w", encoding="utf-8") as out:
            out.write(TABLE)

    def drawn(self, *args):
        self.assertEqual(plot.main(list(args)), 0)
        return ElementTree.parse(self.out).getroot()

    def test_latency_has_a_bar_for_each_figure_on_a_log_scale(self):
        root = self.drawn("latency", self.out, "top10", self.table)
        bars = [r for r in root.iter(SVG + "rect") if r.get("class") == "bar"]
        heights = [float(b.get("height")) for b in bars]
        self.assertEqual(len(heights), 3)
        # From 0.0001 to 1000 ms are seven decades; 100 and 0.1 ms lie three of them apart.
        decade = 370 / 7
        self.assertAlmostEqual(heights[0] - heights[1], 3 * decade, delta=0.2)
        self.assertAlmostEqual(heights[2], 0, delta=0.2)

    def test_names_are_escaped_and_all_told(self):
        root = self.drawn("latency", self.out, "top10", self.table)
        told = [t.text for t in root.iter(SVG + "text")]
        for name in ("slow", "fast<", "term", "prefix", "100 ms"):
            self.assertIn(name, told)

    def test_total_is_the_faster_of_two_ways(self):
        self.assertEqual(plot.read_table(self.table, "total"), {("term", "slow"): (90.0, 310.0)})

    def test_growth_has_a_panel_a_kind_and_a_point_a_table(self):
        root = self.drawn("growth", self.out, "top10", "100k=" + self.table, "1M=" + self.table)
        self.assertEqual(len(list(root.iter(SVG + "circle"))), 6)
        told = [t.text for t in root.iter(SVG + "text")]
        self.assertEqual(told.count("100k"), 2)
        self.assertEqual(told.count("1M"), 2)

    def test_a_mode_that_is_not_there_is_named(self):
        with self.assertRaisesRegex(SystemExit, "has no row of mode page"):
            plot.read_table(self.table, "page")


if __name__ == "__main__":
    unittest.main()
