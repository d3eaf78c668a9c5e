# Every word a developer or an operator needs; `make help` lists them.
# A setting goes before the word or behind it:  PORT=8000 make run  ·  PYTHON=python3.12 make test
.DEFAULT_GOAL := help
.PHONY: help run test check bench screenshots words lock clean
.NOTPARALLEL:

ARGS =
BIN = .venv/bin

help: ## List these commands.
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## Serve the funnel, its relay and the sandbox CRM; Ctrl-C stops everything.
	@sh scripts/venv requirements.txt
	@exec $(BIN)/flask --app app funnel up

test: ## Install what the tests need, then run everything: lint, types and all tests, two at a time (ARGS="-k lead" for some).
	@sh scripts/venv requirements.txt requirements-dev.txt
	@PYTHONPATH=tests $(BIN)/python scripts/provide.py
	@$(MAKE) --no-print-directory check
	@$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

check: ## Lint and types alone, in a few seconds.
	@sh scripts/venv requirements.txt requirements-dev.txt
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/djlint --lint --quiet templates funnel/sandbox/templates

bench: ## How fast it is, beside bare Flask and a naive funnel, in some five minutes (ARGS=--quick for a glance).
	@sh scripts/venv requirements.txt
	@PYTHONPATH=.:tests $(BIN)/python scripts/bench $(ARGS)

screenshots: ## Draw every page in every mood again, for docs/gallery.md and the README.
	@sh scripts/venv requirements.txt requirements-dev.txt
	@PYTHONPATH=.:tests $(BIN)/python scripts/screenshots.py $(ARGS)

words: ## Bring the translations in locale/ up to date with the pages (ARGS=fr for a new language).
	@sh scripts/venv requirements.txt
	@PYTHONPATH=. $(BIN)/python scripts/words.py $(ARGS)

lock: ## Pin the packages of pyproject.toml, with hashes, into the two requirements files (ARGS=--upgrade for newer ones).
	@sh scripts/venv requirements.txt requirements-dev.txt
	@sh scripts/lock $(ARGS)

clean: ## Remove .venv and the tools' caches; instance/ with its data stays.
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
