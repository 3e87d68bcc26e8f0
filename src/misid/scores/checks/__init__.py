"""What `misid.scores.check` looks at, one module a kind of trouble."""
