# Two commands on a bare Debian or Raspberry Pi OS: `sudo apt install make git` (and a clone of this), then `make demo`.
PY := .venv/bin/python
SEEDS := 100000
CUTS := 100
KILLS := 620
SCANNER_KILLS := 1000
DAILY := -m 'not whole and not browser'
WORKERS = $(shell expr 2 \* $$(nproc))

.PHONY: help setup words demo test cover lab soak mutants crash bench lint check clean clean-root
help:
	@echo 'make setup   the apt packages that are missing, and .venv with .venv/bin/kiosk'
	@echo 'make demo    a kiosk, a customer and a stand-in for WeChat Pay on this desk; prints the page to open'
	@echo 'make test    the tests; with ALL=1 the long ones and those in a browser, too, as CI does (ARGS="-k ledger" for some)'
	@echo 'make cover   the branches of kiosk/core and kiosk/payment that no test goes through (there are none); five minutes'
	@echo 'make lab     the units in a Debian that boots in a container, and in a virtual machine (as root; LEVELS="vm" for one)'
	@echo 'make soak    100,000 simulated days (SEEDS=N for another number)'
	@echo 'make mutants deliberate bugs, each of which must be noticed; writes docs/mutants.md'
	@echo 'make crash   hundreds of kills, power cuts and failing disks (two hours)'
	@echo 'make bench   the figures'
	@echo 'make check   each bar of the README: holds, or falls short; half an hour and more, with ALL=1 a day (KEEP=1, ONLY="idle")'
	@echo 'make deb     the Debian package, into dist/ (SUITE=bookworm, ARCH=arm64)'
	@echo 'make release the wheel, all packages with their SBOMs, checksums, into dist/VERSION (KEY=signing.pem; docs/release.md)'
	@echo 'make image   a disk image for a card, into dist/ (as root; SUITE=, ARCH=, PI=1)'
	@echo 'make words   the catalogues of all languages after the English has changed, or a translation (docs/languages.md)'
	@echo 'make lint    ruff and mypy'
	@echo 'make clean   away with .venv and all that was made'
	@echo 'make clean-root SUITE=trixie   the tests in a fresh Debian of that name (as root; needs mmdebstrap)'

CATALOGUES := $(patsubst %.po,%.mo,$(wildcard kiosk/locale/*/LC_MESSAGES/kiosk.po))

setup: .venv/.ready $(CATALOGUES)

# What the program reads of the translations; pip makes them, too (setup.py), but not again when one has changed.
$(CATALOGUES): %.mo: %.po | .venv/.ready
	@$(PY) -m deploy.words compile $<

words: .venv/.ready
	$(PY) -m deploy.words

demo: setup
	@exec .venv/bin/kiosk demo $(ARGS)

# Most tests wait for something: twice as many run at a time as there are cores, each file in one process. What ARGS chooses runs
# in one, and is never left out. Hundreds of processes start: what Python has compiled is kept, whatever the environment says.
test: .venv/.ready-for-tests $(CATALOGUES)
	env -u PYTHONDONTWRITEBYTECODE $(PY) -m pytest $(or $(ARGS),$(if $(ALL),,$(DAILY)) -n $(WORKERS) --dist loadfile --no-loadscope-reorder)

cover: .venv/.ready-for-tests $(CATALOGUES)
	$(PY) -m tests.cover $(ARGS)

lab: .venv/.ready-for-lab $(CATALOGUES)
	$(PY) -m tests.lab $(LEVELS)

soak: .venv/.ready-for-tests $(CATALOGUES)
	$(PY) -m tests.simulation --seeds $(SEEDS) $(ARGS)

mutants: .venv/.ready-for-tests $(CATALOGUES)
	$(PY) -m tests.mutants --table docs/mutants.md $(ARGS)

crash: .venv/.ready-for-tests $(CATALOGUES)
	$(PY) -m tests.disk --cuts $(CUTS) --sweep
	$(PY) -m tests.crash.plug --cuts 25
	$(PY) -m tests.crash.scanner --kills $(SCANNER_KILLS)
	$(PY) -m tests.crash --kills $(KILLS)

# Compiled, as the package installs it.
bench: .venv/.ready-for-tests $(CATALOGUES)
	$(PY) -m compileall -q kiosk
	$(PY) -m pytest tests/bench -s -o python_files='bench_*.py' $(ARGS)

check: .venv/.ready-for-tests
	@$(PY) -m tests.check $(if $(ALL),--all) $(if $(KEEP),--keep) $(if $(ONLY),"$(ONLY)")

lint: setup
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

# None of these rules asks pip or apt anything when its stamp is newer than both files.
.venv/.ready: pyproject.toml deploy/setup.sh
	@deploy/setup.sh

.venv/.ready-for-tests: pyproject.toml deploy/setup.sh
	@deploy/setup.sh tests

.venv/.ready-for-lab: pyproject.toml deploy/setup.sh
	@deploy/setup.sh lab

clean:
	rm -rf .venv .demo build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks tests/out
	find . -name __pycache__ -prune -exec rm -rf {} +

SUITE ?= trixie
clean-root:
	deploy/check-clean-root.sh $(SUITE)

ARCH ?= $(shell dpkg --print-architecture)
.PHONY: deb deb-lock release image
deb: .venv/.ready
	@$(PY) -m deploy.deb --suite $(SUITE) --arch $(ARCH) $(if $(VERSION),--version $(VERSION))

deb-lock: .venv/.ready-for-tests
	@for suite in bookworm trixie; do for arch in amd64 arm64; do $(PY) -m deploy.deb --suite $$suite --arch $$arch --lock || exit; done; done

# Of a clean commit; the recipe is docs/release.md.
release: .venv/.ready
	@$(PY) -m deploy.shipment $(if $(KEY),--key $(KEY)) $(KINDS)

# As root; with PI=1 for a card, else for any machine that starts by UEFI.
image: .venv/.ready
	@$(PY) -m deploy.image --suite $(SUITE) --arch $(ARCH) $(if $(PI),--pi) $(if $(WORK),--work $(WORK))
