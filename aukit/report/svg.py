"""Figures as SVG that takes its colours from the page, so that one file reads well on light and on dark ground."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import Any

import matplotlib
from markupsafe import escape
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

INK, MUTED, LINE = "#010203", "#010204", "#010205"
TRUE, SAID, MEAN = "#010206", "#010207", "#010208"
SERIES = tuple(f"#01021{i}" for i in range(6))
LEVELS = tuple(f"#01022{i}" for i in range(6))

VARIABLES = {INK: "ink", MUTED: "muted", LINE: "line", TRUE: "true", SAID: "said", MEAN: "mean"}
VARIABLES |= {colour: f"series-{i}" for i, colour in enumerate(SERIES)}
VARIABLES |= {colour: f"level-{i}" for i, colour in enumerate(LEVELS)}
"""What the page calls each of these colours."""

_OPENING = re.compile(r'<svg[^>]*?viewBox="([^"]*)"[^>]*>', re.DOTALL)
_LINE_HEIGHT = 15

_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": LINE,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "figure.facecolor": "none",
    "legend.frameon": False,
    "lines.linewidth": 1.5,
    "image.composite_image": False,
}


@contextmanager
def drawing(name: str) -> Iterator[None]:
    """Matplotlib in the page's style; `name` keeps the ids of one figure apart from those of another."""
    style: Any = {**_STYLE, "svg.hashsalt": name}
    with matplotlib.rc_context(style):
        yield


def inline(figure: Figure, name: str, label: str) -> str:
    """The figure as an `<svg>` element for a page that defines the variables (`--ink`, `--said`, ...)."""
    buffer = io.StringIO()
    with drawing(name):
        canvas: Any = FigureCanvasSVG(figure)
        canvas.print_svg(buffer, metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    text = re.sub(r'(id="|url\(#|xlink:href="#)', rf"\g<1>{name}-", text)
    text = re.sub(r"font-family: [^;\"]*", "font-family: var(--font)", text)
    for colour, variable in VARIABLES.items():
        text = text.replace(colour, f"var(--{variable})")
    head = _OPENING.match(text)
    assert head is not None
    opening = (
        f'<svg class="figure" role="img" aria-label="{label}" viewBox="{head[1]}" '
        'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
    )
    return opening + text[head.end() :]


def standalone(text: str, lines: Sequence[str], key: Sequence[tuple[str, str]]) -> str:
    """What `inline` made as a file of its own: on white, the page's light colours written out.

    `lines` stand above it, the first one large. `key`: what the figure's colours stand for, as text and variable.
    """
    head = _OPENING.match(text)
    assert head is not None
    width, height = (float(number) for number in head[1].split()[2:])
    rows = [
        f'<text x="8" y="{_LINE_HEIGHT * at}" font-size="{11 if at == 1 else 9}" '
        f'fill="var(--{"ink" if at == 1 else "muted"})">{escape(line)}</text>'
        for at, line in enumerate(lines, 1)
    ]
    for at, (name, variable) in enumerate(key, len(rows) + 1):
        y = _LINE_HEIGHT * at
        rows.append(
            f'<circle cx="12" cy="{y - 3}" r="4" fill="var(--{variable})"/>'
            f'<text x="22" y="{y}" font-size="9" fill="var(--ink)">{escape(name)}</text>'
        )
    above = _LINE_HEIGHT * (len(rows) + 1)
    whole = (
        f'<svg role="img" width="{width}pt" height="{height + above}pt" viewBox="0 0 {width} {height + above}" '
        'font-family="var(--font)" xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
        f'<rect width="100%" height="100%" fill="var(--ground)"/>{"".join(rows)}'
        f'<g transform="translate(0 {above})">{text[head.end() :].strip()[: -len("</svg>")]}</g></svg>\n'
    )
    return re.sub(r"var\(--([\w-]+)\)", lambda match: _light()[match[1]], whole)


@cache
def _light() -> dict[str, str]:
    """The page's variables on light ground, as its style sheet has them."""
    css = (files("aukit.report") / "templates" / "report.css").read_text("utf-8")
    found = dict(re.findall(r"--([\w-]+): ([^;]+);", css[: css.index("@media")]))
    return found | {"font": "DejaVu Sans, Arial, sans-serif"}
