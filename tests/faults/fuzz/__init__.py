"""The readers under a coverage-guided fuzzer: any bytes end in an answer or in an error of misid's own.

    python -m tests.faults.fuzz text --runs 1000000      # one reader of TARGETS; needs Atheris (dependency group fuzz)

What ends in another exception is kept in tests/faults/found/, once for each place in the code, and is an input of
tests/faults/test_found.py from then on. Every run adds a line with its number of inputs and findings to
docs/data/fuzz.jsonl, also one that is stopped; the corpus is kept between runs.

Nothing is imported here: what the fuzzer has not seen being loaded does not report to it.
"""
