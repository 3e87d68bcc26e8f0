"""The SQL of the seam said in another engine's dialect, by SQLGlot; whatever that cannot carry over is an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from misid.ground.errors import EngineError

if TYPE_CHECKING:
    from sqlglot import exp


_ADDED_UP = {"Count": "Sum", "Max": "Max", "Min": "Min"}
"""What makes the aggregate of a group out of those of the finer groups in it, in SQLGlot's words."""


def parsed(statement: str) -> exp.Expr:
    """The syntax tree of a statement in DuckDB's dialect, with what SQLGlot leaves as it is made portable."""
    import sqlglot
    from sqlglot import exp

    def portable(node: Any) -> Any:
        if isinstance(node, exp.IsInf):
            # No engine but DuckDB has isinf.
            return exp.EQ(
                this=exp.Abs(this=node.this), expression=exp.cast(exp.Literal.string("inf"), exp.DType.DOUBLE)
            )
        return node

    tree: exp.Expr = sqlglot.parse_one(statement, read="duckdb").transform(portable)
    return tree


def grouped_by_hash(tree: exp.Expr) -> exp.Expr:
    """The same statement with each ``any_value`` over a table taken in two steps.

    Spark groups by hashing only where what it keeps of a group is of fixed width: one ``any_value`` of a text, and it
    sorts all rows instead. With that text among the keys of a finer grouping, it sorts only what that leaves.

    Examples
    --------
    >>> tree = parsed("SELECT probe, any_value(person) AS person, count(*) AS n FROM t WHERE mated GROUP BY probe")
    >>> text = said(grouped_by_hash(tree), "spark")
    >>> outer, inner = text.split(" FROM ", 1)
    >>> outer
    'SELECT probe, ANY_VALUE(misid_1) IGNORE NULLS AS person, SUM(misid_2) AS n'
    >>> inner.split(" AS misid_finer ")[0]
    '(SELECT probe, person AS misid_1, COUNT(*) AS misid_2 FROM t WHERE mated GROUP BY probe, person)'
    """
    from sqlglot import exp

    return tree.transform(lambda node: _in_two_steps(node) if isinstance(node, exp.Select) else node)


def _in_two_steps(select: exp.Select) -> exp.Select:
    """What `grouped_by_hash` makes of one SELECT; itself where it is not a plain grouping of one table."""
    from sqlglot import exp

    group, table = select.args.get("group"), select.args.get("from_")
    if group is None or table is None or not isinstance(table.this, exp.Table):
        return select
    parts = {name for name, value in select.args.items() if value}
    keys = group.expressions
    found = [(one.alias_or_name, one.unalias()) for one in select.expressions]
    others = [value for _, value in found if value not in keys]
    texts = [value for value in others if isinstance(value, exp.IgnoreNulls) and isinstance(value.this, exp.AnyValue)]
    if (
        parts != {"expressions", "from_", "where", "group"}
        or any(not isinstance(key, exp.Column) or key.table for key in keys)
        or any(value not in texts and type(value).__name__ not in _ADDED_UP for value in others)
        or any(value.find(exp.Distinct) for value in others)
        or not texts
    ):
        return select
    outer, inner, finer = [], list(keys), list(keys)
    for i, (name, value) in enumerate(found):
        column = exp.column(f"misid_{i}")
        if value in keys:
            outer.append(value if name == value.name else exp.alias_(value, name))
        elif value in texts:
            text = value.this.this
            outer.append(exp.alias_(exp.IgnoreNulls(this=exp.AnyValue(this=column)), name))
            inner.append(exp.alias_(text, column.name))
            finer.append(text)
        else:
            outer.append(exp.alias_(getattr(exp, _ADDED_UP[type(value).__name__])(this=column), name))
            inner.append(exp.alias_(value, column.name))
    within = select.copy()
    within.set("expressions", [one.copy() for one in inner])
    within.set("group", exp.Group(expressions=[one.copy() for one in finer]))
    return exp.select(*outer).from_(within.subquery("misid_finer")).group_by(*keys)


def said(tree: exp.Expr, dialect: str, *, rename: Callable[[str], str | None] = lambda name: None) -> str:
    """A syntax tree in `dialect`, its tables under other names where `rename` gives any.

    A table that gets another name keeps its own as an alias, so that ``persons.code`` means what it did. Names
    that the statement itself defines (WITH) are left alone.

    Raises
    ------
    EngineError
        The dialect has no word for something in it.

    Examples
    --------
    >>> said(parsed("SELECT md5(string_agg(a, ' ' ORDER BY a)) AS h FROM t"), "spark", rename=lambda name: f"misid_{name}")
    "SELECT MD5(LISTAGG(a, ' ') WITHIN GROUP (ORDER BY a NULLS LAST)) AS h FROM misid_t AS `t`"
    """  # noqa: E501
    import sqlglot
    from sqlglot import exp

    tree = tree.copy()
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    for table in list(tree.find_all(exp.Table)):
        name = rename(table.name) if not table.db and table.name not in own else None
        if name is not None:
            alias = table.alias or table.name
            table.set("this", exp.to_identifier(name))
            table.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
    try:
        return tree.sql(dialect=dialect, unsupported_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.UnsupportedError as error:
        raise EngineError(f"a query cannot be said in the dialect of {dialect}: {error}") from error


def text_literal(value: str, dialect: str) -> str:
    """A text as a literal of `dialect`."""
    from sqlglot import exp

    return exp.Literal.string(value).sql(dialect=dialect)
