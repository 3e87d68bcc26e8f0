"""Back-tests: predictions written down before their outcomes are read, and then scored against them."""

from misid.backtest.archive import Archive, Ledger
from misid.backtest.data import Shipped, shipped
from misid.backtest.model import Conditions, Outcome, Prediction, Question, Record, Scored, Selection, Study, Task
from misid.backtest.run import Result, Summary, backtest, predicted, summary_of
from misid.backtest.studies import tasks_of
from misid.backtest.yours import your_records, your_studies

__all__ = [
    "Archive",
    "Conditions",
    "Ledger",
    "Outcome",
    "Prediction",
    "Question",
    "Record",
    "Result",
    "Scored",
    "Selection",
    "Shipped",
    "Study",
    "Summary",
    "Task",
    "backtest",
    "predicted",
    "shipped",
    "summary_of",
    "tasks_of",
    "your_records",
    "your_studies",
]
