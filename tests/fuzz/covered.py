"""The same targets under atheris: libFuzzer looks for inputs that reach new code. One process a target, as it ends its own.

`python -m tests.fuzz.covered TARGET SECONDS FOLDER` is that process; `run` starts it and reads what libFuzzer prints.
"""

from __future__ import annotations

import logging
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.engine import Flaw, Report
from tests.fuzz.target import Target

LONGEST = 4096
MEMORY_MB = 1024
HANGS_AFTER_S = 10


def run(target: Target, seconds: float, out: Path) -> Report:
    """Let libFuzzer work for so long, or until it finds something."""
    out.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    command = [sys.executable, "-m", "tests.fuzz.covered", target.name, str(int(seconds)), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    report = Report(target.name, seconds=time.monotonic() - began)
    counts = re.findall(r"^(?:Done |#)(\d+)", done.stderr, re.MULTILINE)
    report.inputs = int(counts[-1]) if counts else 0
    if done.returncode:
        kept = re.search(r"Test unit written to (\S+)", done.stderr)
        data = Path(kept[1]).read_bytes() if kept else b""
        said = re.findall(r"^(?:[\w.]+(?:Error|Exception|Hangs)\b.*|==\d+== ERROR: .*)$", done.stderr, re.MULTILINE)
        report.flaws.append(Flaw(said[0] if said else done.stderr[-300:], data))
    return report


def main(name: str, seconds: int, out: str) -> None:
    """Instrument the kiosk, then fuzz until time is over; libFuzzer ends the process."""
    import atheris  # noqa: PLC0415  only here

    with atheris.instrument_imports(include=["kiosk"]):
        from tests.fuzz.__main__ import all_targets  # noqa: PLC0415  loaded where it is used
    logging.disable(logging.CRITICAL)
    target = all_targets()[name]
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(target.seeds):
            (Path(corpus) / str(number)).write_bytes(seed)
        words = Path(corpus).with_suffix(".dict")
        words.write_text("".join('"' + "".join(f"\\x{byte:02x}" for byte in word.encode()) + '"\n' for word in target.words))
        options = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", f"-rss_limit_mb={MEMORY_MB}", f"-timeout={HANGS_AFTER_S}"]
        options += [f"-dict={words}", f"-artifact_prefix={out}/{name}-", "-print_final_stats=1"]
        atheris.Setup([sys.argv[0], *options, corpus], lambda data: target.feed(bytes(data)))
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
