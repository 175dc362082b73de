"""Scaling curves from what `bench` printed: curves.py LOG SVG."""
import re
import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

text = open(sys.argv[1]).read()


def points(pattern):
    return [tuple(float(v) for v in found) for found in re.findall(pattern, text)]


lines = points(r"lines +(\d+): from columns to events +([\d.]+) ns a line, two threads +([\d.]+)")
library = sorted(points(r"library +(\d+) clauses, +(\d+) payers: compiled in +([\d.]+) ms.*judged in +([\d.]+) ns"))
pairs = points(r"pairs +(\d+) pairs,.*a claim (\d+) ns, by hand (\d+)")
windows = points(r"windows +ten, \d+ lines, +(\d+) a member, \d+ findings: +(\d+) ns")
by_day = points(r"windows +ten, \d+ lines by day, +(\d+) a member, \d+ findings: +(\d+) ns")
figure, axes = plt.subplots(2, 2, figsize=(10, 7))


def draw(place, title, label, series):
    for name, xs, ys in series:
        place.plot(xs, ys, marker="o", label=name)
    place.set(title=title, xlabel=label, ylabel="ns", xscale="log", ylim=(0, None))
    place.grid(True, alpha=0.3)
    if len(series) > 1:
        place.legend()


draw(axes[0][0], "a line, by lines of the run", "lines",
     [("one thread", [p[0] for p in lines], [p[1] for p in lines]), ("two threads", [p[0] for p in lines], [p[2] for p in lines])])
draw(axes[0][1], "a line, by clauses of the library", "clauses", [("", [p[0] for p in library], [p[3] for p in library])])
draw(axes[1][0], "a claim, by rows of the pair table", "rows",
     [("adjudge", [p[0] for p in pairs], [p[1] for p in pairs]), ("by hand", [p[0] for p in pairs], [p[2] for p in pairs])])
draw(axes[1][1], "a line with ten history windows, by lines of a member", "lines of a member",
     [(name, [p[0] for p in found], [p[1] for p in found]) for name, found in (("member by member", windows), ("by day", by_day)) if found])
figure.tight_layout()
matplotlib.rcParams["svg.hashsalt"] = "adjudge"
figure.savefig(sys.argv[2], metadata={"Date": None})
