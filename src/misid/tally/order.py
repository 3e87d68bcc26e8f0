"""The order of searches in the spectrum: that of their content, which tells nothing about who they are of."""

from __future__ import annotations

import numpy as np

from misid.tally.model import Table

CONTENT = ("probe_group", "reference_group", "block", "level", "count")


def in_content_order(rows: Table) -> Table:
    """The rows of a spectrum with its searches numbered anew, by what they exceeded.

    An order of ids, of a hash of ids, or of where a search came from would let somebody find a person's row.
    """
    _, search = np.unique(rows["search"], return_inverse=True)
    n_searches = int(search.max()) + 1 if search.size else 0
    mixed = np.zeros(len(search), dtype=np.uint64)
    for name in CONTENT:
        mixed = (mixed + rows[name].astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    whole = np.zeros(n_searches, dtype=np.uint64)
    np.add.at(whole, search, mixed)
    size = np.bincount(search, minlength=n_searches)
    group = np.zeros(n_searches, dtype=np.int64)
    group[search] = rows["probe_group"]
    place = np.empty(n_searches, dtype=np.int64)
    place[np.lexsort((whole, size, group))] = np.arange(n_searches)
    numbered = {**rows, "search": place[search]}
    order = np.lexsort(tuple(numbered[name] for name in ("count", "level", "block", "reference_group", "search")))
    return {name: values[order] for name, values in numbered.items()}
