"""The commands, a file for each thing an operator looks after; cli.py gathers them."""
