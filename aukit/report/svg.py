"""Figures as SVG that takes its colours from the page, so that one file reads well on light and on dark ground."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

INK, MUTED, LINE = "#010203", "#010204", "#010205"
TRUE, SAID, MEAN = "#010206", "#010207", "#010208"
SERIES = tuple(f"#01021{i}" for i in range(6))
LEVELS = tuple(f"#01022{i}" for i in range(6))

_VARIABLES = {INK: "ink", MUTED: "muted", LINE: "line", TRUE: "true", SAID: "said", MEAN: "mean"}
_VARIABLES |= {colour: f"series-{i}" for i, colour in enumerate(SERIES)}
_VARIABLES |= {colour: f"level-{i}" for i, colour in enumerate(LEVELS)}

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
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, f"var(--{variable})")
    head = re.match(r'<svg[^>]*?viewBox="([^"]*)"[^>]*>', text, flags=re.S)
    assert head is not None
    opening = (
        f'<svg class="figure" role="img" aria-label="{label}" viewBox="{head[1]}" '
        'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
    )
    return opening + text[head.end() :]
