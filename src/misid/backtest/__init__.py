"""Back-tests: predictions written down before their outcomes are read, and then scored against them."""

from misid.backtest.archive import Archive, Ledger
from misid.backtest.data import Shipped, shipped
from misid.backtest.model import Prediction, Question, Record, Scored, Study, Task
from misid.backtest.run import Result, backtest
from misid.backtest.studies import tasks_of

__all__ = [
    "Archive",
    "Ledger",
    "Prediction",
    "Question",
    "Record",
    "Result",
    "Scored",
    "Shipped",
    "Study",
    "Task",
    "backtest",
    "shipped",
    "tasks_of",
]
