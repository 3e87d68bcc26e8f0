"""Rates at other galleries than the test's: the search model, its makers, and the questions it answers."""
