"""Random blocks of reference people, for the jackknife: equal for equal scores, and nobody's to guess from ids.

A person's block is a hash of the id and a salt, and the salt a hash of what the scores of every sample sum to. So every
engine, and a run that was resumed, gives the same blocks, while whoever has ids and tally but not the scores would have
to try which sums are whose. `secret_enough` counts how many ways of that there are at least; where they could be tried,
everybody goes into one block.
"""

from __future__ import annotations

import math

from misid.engine import Engine
from misid.engine.seam import literal
from misid.tally.grid import Grid
from misid.tally.model import N_BLOCKS

SUM_BITS = 31
"""Scores are summed as whole numbers below 2**31 in size: 2**32 of them fit into 64 bits."""

SECRET_BITS = 128
"""Log2 of the orders that whoever guesses at the salt has to try, at least; a key of so many bits is out of reach."""

ONE_BLOCK = (
    "the scores are too few, or too much alike, to keep it secret who is in which block: all references are in one, "
    "and what needs blocks is not given (projections; limits of selectivity from candidate lists)"
)
"""Warning of a tally with one block."""

_MOST_EXPONENT = 1000


def salt(engine: Engine, grid: Grid) -> bool:
    """Make `salt`, a text that follows from the scores; False where it could be guessed, and must not be used.

    Reads `kept_rows`, `seen_probes`, `seen_references` and `joints`.
    """
    engine.keep("sample_sums", _sample_sums(grid))
    found = engine.columns(_DISTINCT)
    if not secret_enough(dict(zip(found["d"].tolist(), found["cells"].tolist(), strict=True))):
        return False
    # Hashes of one length, sorted within buckets and buckets again: no text grows with people beyond its bucket.
    engine.keep(
        "salt",
        """SELECT md5(string_agg(one, '' ORDER BY one)) AS salt FROM (
             SELECT md5(string_agg(h, '' ORDER BY h)) AS one FROM (
               SELECT md5(concat(side, ' ', CAST(n AS VARCHAR), ' ', CAST(s AS VARCHAR), ' ', id)) AS h
               FROM sample_sums) AS t
             GROUP BY substr(h, 1, 3)) AS u""",
    )
    return True


def _sample_sums(grid: Grid) -> str:
    """Per probe and per reference: how many scores were kept, and their sum in whole numbers.

    Floats would be summed in another order, and to another sum, by another engine.
    """
    # frexp: the largest score is below 2**exponent in size.
    _, exponent = math.frexp(max(abs(grid.lowest), abs(grid.highest)))
    factor = math.ldexp(1.0, min(SUM_BITS - exponent, _MOST_EXPONENT))
    whole = f"CAST(floor(CAST(score AS DOUBLE) * {literal(factor)}) AS BIGINT)"
    sides = (
        f"""SELECT '{side}' AS side, CAST({side} AS VARCHAR) AS id, count(*) AS n, CAST(sum({whole}) AS BIGINT) AS s,
                   count(*) FILTER (WHERE mated) AS mates
            FROM kept_rows WHERE NOT failed AND NOT isinf(score) GROUP BY {side}"""
        for side in ("probe", "reference")
    )
    return " UNION ALL ".join(sides)


_DISTINCT = """
        SELECT d, count(*) AS cells FROM (
          SELECT side, joint, made, mates, count(*) AS d FROM (
            SELECT DISTINCT t.side AS side, j.joint AS joint, coalesce(m.made, 0) AS made, t.mates AS mates, t.n AS n, t.s AS s
            FROM sample_sums AS t
            JOIN (SELECT 'probe' AS side, CAST(probe AS VARCHAR) AS id, grp FROM seen_probes
                  UNION ALL SELECT 'reference', CAST(reference AS VARCHAR), grp FROM seen_references) AS g
            ON g.side = t.side AND g.id = t.id JOIN joints AS j ON j.name = g.grp
            LEFT JOIN (SELECT 'probe' AS side, CAST(probe AS VARCHAR) AS id, m AS made FROM probe_totals
                       UNION ALL SELECT 'reference', CAST(reference AS VARCHAR), CAST(sum(m) AS BIGINT)
                       FROM by_reference GROUP BY reference) AS m
            ON m.side = t.side AND m.id = t.id) AS u
          GROUP BY side, joint, made, mates) AS v
        GROUP BY d"""  # noqa: E501
"""Cells of samples that whoever knows the test but no score cannot tell apart, by how many sums are in one."""


def secret_enough(cells: dict[int, int]) -> bool:
    """Whether sums over samples can make a salt: how many orders they have, at least, for whoever lacks only that.

    Parameters
    ----------
    cells : mapping of int to int
        Number d of different sums in a cell, and how many cells have so many. A cell is of one side, one group, and
        one number of comparisons made, mated and not: all that may be known without a score. Somebody who even knew
        every sum of every cell, and not whose they are, has the product of d! orders to try.

    Examples
    --------
    >>> secret_enough({34: 1}), secret_enough({35: 1}), secret_enough({1: 10**6}), secret_enough({10: 6})
    (False, True, False, True)
    """
    wanted, orders = 1 << SECRET_BITS, 1
    for distinct, number in cells.items():
        # From 35 on one factorial is enough; 2! is enough from 128 cells on.
        orders *= math.factorial(min(distinct, SECRET_BITS)) ** min(number, SECRET_BITS)
        if orders >= wanted:
            return True
    return False


def numbered(hashed: str) -> str:
    """SQL for the block of a hash of 32 hexadecimal digits: the first four as a number, modulo `N_BLOCKS`."""
    digit = "(strpos('0123456789abcdef', substr({}, {}, 1)) - 1)"
    number = " + ".join(f"{16 ** (4 - i)} * {digit.format(hashed, i)}" for i in range(1, 5))
    return f"CAST(({number}) % {N_BLOCKS} AS INTEGER)"
