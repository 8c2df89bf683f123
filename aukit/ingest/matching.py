"""Sharing columns out to rows at the least total cost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def assign(costs: NDArray[np.float64], *, left_out: float) -> list[int | None]:
    """A column for each row of `costs` (rows, columns), each column at most once, at the least total cost.

    A row may go without, None, at the cost `left_out`. A cost of infinity forbids.

    The Hungarian method by shortest chains of changes (Kuhn 1955; Jonker and Volgenant 1987).
    """
    rows, columns = costs.shape
    costs = np.hstack(
        [costs, np.full((rows, rows), left_out)]
    )  # as many ways to go without as there are rows
    width = columns + rows
    row_price, column_price = np.zeros(rows), np.zeros(width)
    owner = np.full(width, -1)
    for row in range(rows):
        before = np.full(width, -1)  # the column before each, on the cheapest chain that frees one for `row`
        chain = np.full(width, np.inf)  # what that chain costs
        done = np.zeros(width, bool)
        here, at = row, -1
        while True:
            step = costs[here] - row_price[here] - column_price
            better = ~done & (step < chain)
            chain[better], before[better] = step[better], at
            at = int(np.where(done, np.inf, chain).argmin())
            least = chain[at]
            row_price[row] += least
            row_price[owner[done]] += least
            column_price[done] -= least
            chain[~done] -= least
            done[at] = True
            if owner[at] < 0:
                break
            here = int(owner[at])
        while at >= 0:  # along the chain, each gives its column to the one before
            giver = int(before[at])
            owner[at] = row if giver < 0 else owner[giver]
            at = giver
    column_of = {int(row): column for column, row in enumerate(owner) if row >= 0}
    return [column_of[row] if column_of[row] < columns else None for row in range(rows)]
