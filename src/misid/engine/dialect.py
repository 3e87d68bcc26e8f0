"""The SQL of the seam said in another engine's dialect, by SQLGlot; whatever that cannot carry over is an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from misid.ground.errors import EngineError

if TYPE_CHECKING:
    from sqlglot import exp


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
