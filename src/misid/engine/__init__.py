"""The seam to the database engine that holds the scores. One SQL text, many engines."""

from misid.engine.duckdb_engine import DuckDBEngine
from misid.engine.seam import Columns, Engine
from misid.engine.spark_engine import SparkEngine

__all__ = ["Columns", "DuckDBEngine", "Engine", "SparkEngine"]
