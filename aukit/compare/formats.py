"""A comparison as Markdown, LaTeX or CSV."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator

from aukit.compare.result import MEAN, METRICS, Arm, Comparison
from aukit.compare.tables import Table, tables
from aukit.compare.words import basis, heading, mark, state

_TEX = {
    "\\": r"\textbackslash{}",
    "–": "--",
    "−": "$-$",
    "≥": r"$\geq$",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
_TEX |= {sign: f"\\{sign}" for sign in "&%$#_{}"}


def markdown(found: Comparison) -> str:
    """Headings, tables and sentences."""
    parts = [f"# {found.title}", *_quoted(mark(found)), *_items(heading(found))]
    for table in tables(found):
        parts += [f"## {table.title}", _pipes(table)]
    return "\n\n".join([*parts, *_items(basis(found)), *_items(state(found))]) + "\n"


def _quoted(lines: list[str]) -> list[str]:
    return ["\n".join(f"> {line}  " for line in lines)] if lines else []


def _items(lines: list[str]) -> list[str]:
    return ["\n".join(f"- {line}" for line in lines)] if lines else []


def _pipes(table: Table) -> str:
    lines = [table.columns, ("---", *("---:" for _ in table.columns[1:])), *table.rows]
    return "\n".join("| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines)


def latex(found: Comparison) -> str:
    """Tables for a document that uses the package booktabs; what is said of them stands in comments and captions."""
    parts = ["% \\usepackage{booktabs}"]
    said = [found.title, *mark(found), *heading(found), *basis(found), *state(found)]
    parts += [f"% {line}" for text in said for line in text.splitlines()]
    warning = r"\textbf{Not comparable: forced.} " if found.forced else ""
    for table in tables(found):
        rule = "l" + "r" * (len(table.columns) - 1)
        parts += [
            "",
            r"\begin{table}",
            r"\centering",
            f"\\caption{{{warning}{tex(table.title)}}}",
            f"\\begin{{tabular}}{{{rule}}}",
            r"\toprule",
            " & ".join(map(tex, table.columns)) + r" \\",
            r"\midrule",
            *(" & ".join(map(tex, row)) + r" \\" for row in table.rows),
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
        ]
    return "\n".join(parts) + "\n"


def tex(text: str) -> str:
    """Text as LaTeX sets it."""
    return re.sub("|".join(map(re.escape, _TEX)), lambda match: _TEX[match[0]], text)


def csv_text(found: Comparison) -> str:
    """One row a number: variant, metric and AU (or step, or intensity). Empty where there is none."""
    buffer = io.StringIO()
    rows = {"intensity": _scores, "prediction": _accuracy, "labels": _levels}[found.shows](found)
    first = next(rows, {})
    writer = csv.DictWriter(buffer, fieldnames=[*first, "origin", "forced"], lineterminator="\n")
    writer.writeheader()
    for row in (first, *rows):
        said = {name: _cell(value) for name, value in row.items()}
        writer.writerow({**said, "origin": found.origin, "forced": "; ".join(found.forced)})
    return buffer.getvalue()


def _scores(found: Comparison) -> Iterator[dict[str, object]]:
    for arm in found.arms:
        for metric in METRICS:
            for au in (*found.aus, MEAN):
                cell = arm.scores[metric][au]
                less = arm.differences.get(metric, {}).get(au)
                printed = arm.published.get(metric)
                yield {
                    **_who(arm),
                    "metric": metric,
                    "au": au,
                    "value": cell.value,
                    "low": cell.low,
                    "high": cell.high,
                    "seed_min": cell.spread.low,
                    "seed_max": cell.spread.high,
                    "seed_sd": cell.spread.sd,
                    "mean_of_folds": cell.by_fold,
                    "against": found.against,
                    "difference": less.value if less else None,
                    "difference_low": less.low if less else None,
                    "difference_high": less.high if less else None,
                    "better": less.better if less else None,
                    "better_of": less.of if less else None,
                    "published": printed.aus.get(au) if printed else None,
                    "published_doubtful": int(au in printed.doubtful) if printed else None,
                }


def _accuracy(found: Comparison) -> Iterator[dict[str, object]]:
    for arm in found.arms:
        for name, spread in arm.accuracy.items():
            yield {
                **_who(arm),
                "metric": name,
                "value": spread.value,
                "seed_min": spread.low,
                "seed_max": spread.high,
                "seed_sd": spread.sd,
                "published": getattr(arm.published_accuracy, name, None),
            }


def _levels(found: Comparison) -> Iterator[dict[str, object]]:
    for arm in found.arms:
        for part, aus in arm.levels.items():
            for au, counts in aus.items():
                for level, count in enumerate(counts):
                    yield {**_who(arm), "part": part, "au": au, "level": level, "labels": count}


def _who(arm: Arm) -> dict[str, object]:
    folds, seeds = (" ".join(map(str, numbers)) for numbers in (arm.folds, arm.seeds))
    return {
        "variant": arm.name,
        "title": arm.title,
        "baseline": int(arm.baseline),
        "folds": folds,
        "seeds": seeds,
    }


def _cell(value: object) -> object:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    return f"{value:.6g}" if isinstance(value, float) else value
