"""Card testing and floods are kept out: how often, from where, and whether a shopper is a person."""
