"""The encounter: from a search model to people, by an event tree and policies."""
