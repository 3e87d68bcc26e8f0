"""The ground floor: what every stop of the road stands on, and nothing of any stop."""
