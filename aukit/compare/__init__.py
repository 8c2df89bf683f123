"""Finished runs side by side: tables with intervals and paired differences, beside published numbers.

The way of a comparison through this room:

    runs.py        a run folder, read           variants.py, planned.py   runs as variants, over folds and seeds
    checks.py      what may not stand in one table
    frames.py      predictions as moments       intensity.py              scores, intervals, paired differences
    accuracy.py    the predictive task          distributions.py          labels by intensity
    published.py   the paper's numbers          result.py                 what was found, as plain values
    tables.py      rows of text                 formats.py, page.py       Markdown, LaTeX, CSV; the page
    plots.py       what is drawn                figures.py                for the page, and as files
"""
