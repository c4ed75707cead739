# make run    install the suite with every framework (CPU builds) and run it: `quick` profile, all targets
# make test   install what the tests need and run pytest
# make check  lint, formatting, types
# make bench  the figures in the README, as ratios measured side by side
# make score  the suite and its peers over planted faults and correct variants: reports/score.md
# make clean  remove the environment and what was built
#
# Both install into .venv once; a second call starts at once. PROFILE=default make run looks deeper.

PYTHON  ?= python3
PROFILE ?= quick
WORKERS ?= 2
PIP     := .venv/bin/python -m pip --disable-pip-version-check -q
PROJECT := pyproject.toml constraints.txt

.PHONY: run test check bench score clean help
help:
	@sed -n 's/^# //p' Makefile

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.frameworks: .venv/bin/python $(PROJECT)
	@echo "installing the suite with torch, TensorFlow, JAX and Optax into .venv (once, about two minutes)" >&2
	$(PIP) install -c constraints.txt -e ".[all]"
	@touch $@

.venv/.test: .venv/.frameworks $(PROJECT)
	@echo "installing what the tests need" >&2
	$(PIP) install -c constraints.txt $$(.venv/bin/python .ci/groups.py test lint)
	@touch $@

run: .venv/.frameworks
	.venv/bin/conformance run --profile $(PROFILE) -o reports/latest.jsonl.gz

test: .venv/.test
	.venv/bin/python -m pytest -n $(WORKERS) $(ARGS)

check: .venv/.test
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

bench: .venv/.test
	.venv/bin/python -m benchmarks

score: .venv/.test
	$(PIP) install -c constraints.txt $$(.venv/bin/python .ci/groups.py score)
	.venv/bin/python -m tests.planted.score $(ARGS)

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache
