"""What `make run` does for who is changing the funnel: saved files are shown at once, broken ones are told of."""
