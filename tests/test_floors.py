"""The layout is the architecture: an import may only look down, and each outside library lives in one file.

Reads every file of kiosk/ as syntax. Each rule is a function from sources to sentences, one for each breach;
the same functions are shown planted breaches below, so that a rule which sees nothing is noticed.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Which floor a module is on. The first pattern that fits counts; `*` stands for any name, dots too.
FLOORS: list[tuple[int, str]] = [
    (0, "kiosk"),
    (0, "kiosk.core"),
    (0, "kiosk.core.cldr"),
    (0, "kiosk.core.money"),
    (0, "kiosk.core.errors"),
    (0, "kiosk.core.languages"),
    (0, "kiosk.core.secret"),
    (0, "kiosk.core.numbers"),
    (0, "kiosk.core.wifi"),
    (0, "kiosk.core.enrolment"),
    (1, "kiosk.core.model"),
    (1, "kiosk.core.scanning"),
    (1, "kiosk.core.events"),
    (1, "kiosk.core.commands"),
    (1, "kiosk.core.screens"),
    (1, "kiosk.core.checkup_screens"),
    (1, "kiosk.core.ports"),
    (1, "kiosk.core.slips"),
    (1, "kiosk.core.selling"),
    (1, "kiosk.core.lesson"),
    (1, "kiosk.core.shifts"),
    (1, "kiosk.core.shift_lines"),
    (1, "kiosk.core.checkup"),
    (1, "kiosk.core.carried"),
    (1, "kiosk.core.differences"),
    (1, "kiosk.core.expiry"),
    (1, "kiosk.core.setup_screens"),
    (1, "kiosk.core.operators"),
    (1, "kiosk.core.past_nouns"),
    (1, "kiosk.core.past_screens"),
    (2, "kiosk.core.*"),
    (3, "kiosk.display*"),
    (3, "kiosk.camera*"),
    (3, "kiosk.keypad*"),
    (3, "kiosk.payment*"),
    (3, "kiosk.printer"),
    (3, "kiosk.printer.*"),
    (4, "kiosk.clock"),
    (4, "kiosk.config"),
    (4, "kiosk.config.*"),
    (4, "kiosk.control"),
    (4, "kiosk.control.unix_socket"),
    (5, "kiosk.control.*"),
    (4, "kiosk.loop"),
    (5, "kiosk.loop.rows"),
    (4, "kiosk.loop.*"),
    (4, "kiosk.pins"),
    (4, "kiosk.release"),
    (4, "kiosk.release.trial"),
    (4, "kiosk.release.parcel"),
    (4, "kiosk.release.shelf"),
    (5, "kiosk.release.*"),
    (4, "kiosk.service"),
    (4, "kiosk.steward"),
    (4, "kiosk.steward.client"),
    (4, "kiosk.steward.fields"),
    (4, "kiosk.steward.words"),
    (5, "kiosk.steward.*"),
    (4, "kiosk.written"),
    (5, "kiosk.app"),
    (5, "kiosk.books"),
    (5, "kiosk.books.*"),
    (5, "kiosk.cli"),
    (5, "kiosk.doctor"),
    (5, "kiosk.doctor.*"),
    (5, "kiosk.exports"),
    (5, "kiosk.exports.*"),
    (5, "kiosk.ledgers"),
    (5, "kiosk.listener"),
    (5, "kiosk.notifications"),
    (5, "kiosk.operators"),
    (5, "kiosk.operators.*"),
    (5, "kiosk.owner"),
    (5, "kiosk.owner.*"),
    (5, "kiosk.parts"),
    (5, "kiosk.printers"),
    (5, "kiosk.recovery"),
    (5, "kiosk.recovery.*"),
    (5, "kiosk.scanner_unit"),
    (5, "kiosk.support"),
    (5, "kiosk.support.*"),
    (5, "kiosk.setup"),
    (5, "kiosk.setup.*"),
    (5, "kiosk.__main__"),
    (5, "kiosk.sandbox*"),
]
NOUNS, DECISIONS, HANDS, LOOP = 1, 2, 3, 4

# The heart may use these and nothing else of the world; babel only where amounts and days are written.
PURE = {"__future__", "collections", "dataclasses", "datetime", "decimal", "enum", "functools", "hashlib", "itertools", "math"}
PURE |= {"re", "typing", "zoneinfo"}
PURE_FOR_ONE = {"babel": "kiosk/core/cldr.py"}
IMPURE_CALLS = {"open", "print", "input", "eval", "exec", "breakpoint", "__import__"}
IMPURE_METHODS = {"now", "today", "utcnow", "read_text", "write_text", "read_bytes", "write_bytes", "getenv"}

# The rooms that may hold an outside library, in one file of the room. The sandbox is a house of its own: one file there too.
# sqlite3 is Python's own, yet SQL belongs in one file as much as pygame does.
ROOMS: dict[str, set[str]] = {
    "PIL": {"display", "camera", "printer"},
    "babel": {"core", "display", "config"},
    "click": {"cli"},
    "cryptography": {"owner", "payment", "release", "setup", "steward"},
    "escpos": {"printer"},
    "evdev": {"keypad"},
    "gpiozero": {"keypad"},
    "libcamera": {"camera"},
    "numpy": {"camera"},
    "picamera2": {"camera"},
    "pygame": {"display"},
    "pyzbar": {"camera"},
    "qrcode": {"display"},
    "requests": {"payment"},
    "sqlite3": {"payment"},
    "flask": {"owner"},
    "systemd": {"service"},
    "tomlkit": {"owner", "setup"},
    "werkzeug": {"owner"},
    "urllib3": {"payment"},
    "usb": {"printer"},
    "videodev2": {"camera"},
    "waitress": {"listener", "owner"},
    "zxingcpp": {"camera"},
}
SANDBOX_LIBRARIES = {"PIL", "babel", "cryptography", "flask", "qrcode", "requests", "sqlite3", "waitress", "werkzeug", "zxingcpp"}

# Some are a folder's element rather than a tool behind a door.
SEVERAL_FILES = {
    "flask": "kiosk/*/*",  # a route's request and answer, in the rooms that have routes
    "sqlite3": "kiosk/payment/*",  # the ledger's file, and the scratch in which a statement is held against it
    "numpy": "kiosk/camera/*",  # what a frame is made of
    "pygame": "kiosk/display/window.py",  # what opens a second window, loaded with it; all else comes out of sdl.py
    "werkzeug": "kiosk/*/*",  # as flask
}

MAY_PRINT = ["kiosk/cli.py", "kiosk/sandbox/*"]
LINES_MAX = 400

Sources = dict[str, str]  # path from the repository's root, text


def sources() -> Sources:
    """Every Python file of the package."""
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in sorted((ROOT / "kiosk").rglob("*.py"))}


# --- the rules ---


def upward_imports(files: Sources) -> Iterator[str]:
    """Imports that look up, or sideways between hands, or past a port, or from the stand-in to the client."""
    for path, line, module, target in inner_imports(files):
        here, there = floor(module), floor(target)
        where = f"{path}:{line}: {module} (floor {here}) imports {target} (floor {there})"
        if here is None or there is None:
            missing = module if here is None else target
            yield f"{where}: {missing} has no floor; give it one in FLOORS of tests/test_floors.py"
        elif there > here:
            yield f"{where}: an import may only look down"
        elif here == there == HANDS and room(module) != room(target):
            yield f"{where}: hands do not know each other; the loop passes nouns between them"
        elif here == HANDS and there == DECISIONS:
            yield f"{where}: a hand sees words and nouns only, never what decides"
        elif here == LOOP and there == HANDS:
            yield f"{where}: only app.py knows concrete drivers; the loop sees core/ports.py"
        elif room(module) == "sandbox" and target.startswith("kiosk.payment.wechat"):
            yield f"{where}: client and stand-in must not share one misunderstanding"


def circles(files: Sources) -> Iterator[str]:
    """Modules that import each other, directly or around."""
    graph: dict[str, set[str]] = {}
    for _, _, module, target in inner_imports(files):
        if target != module and not module.startswith(target + "."):  # a package's first file may be loaded by its members
            graph.setdefault(module, set()).add(target)
    done: set[str] = set()

    def walk(module: str, trail: tuple[str, ...]) -> Iterator[str]:
        if module in trail:
            yield "a circle of imports: " + " -> ".join([*trail[trail.index(module) :], module])
        elif module not in done:
            for target in sorted(graph.get(module, ())):
                yield from walk(target, (*trail, module))
            done.add(module)

    for module in sorted(graph):
        yield from walk(module, ())


def impure_core(files: Sources) -> Iterator[str]:
    """What core/ imports or calls beyond pure computing."""
    for path, text in files.items():
        if not path.startswith("kiosk/core/"):
            continue
        tree = parsed(text, path)
        for line, library in outer_imports(tree):
            if library not in PURE and PURE_FOR_ONE.get(library) != path:
                yield f"{path}:{line}: core/ is pure and does not import {library}; let it come in as an argument or an event"
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Name(id=name)) if name in IMPURE_CALLS:
                    yield f"{path}:{node.lineno}: core/ is pure and does not call {name}()"
                case ast.Call(func=ast.Attribute(attr=name)) if name in IMPURE_METHODS:
                    yield f"{path}:{node.lineno}: core/ is pure and does not call .{name}(); time and texts are arguments"
                case ast.Global():
                    yield f"{path}:{node.lineno}: core/ is pure and keeps nothing in globals"


def scattered_libraries(files: Sources) -> Iterator[str]:
    """Outside libraries in a room that should not know them, or in two files of one."""
    homes: dict[tuple[str, str], set[str]] = {}
    for path, text in files.items():
        for line, library in outer_imports(parsed(text, path)):
            if library in sys.stdlib_module_names and library not in ROOMS:
                continue
            here = room(module_of(path))
            rooms = ROOMS.get(library, set()) | ({"sandbox"} if library in SANDBOX_LIBRARIES else set())
            if here not in rooms:
                allowed = ", ".join(sorted(rooms)) or "no room yet: name one in ROOMS of tests/test_floors.py"
                yield f"{path}:{line}: {library} does not belong in {here} (it lives in {allowed})"
            if not fnmatch(path, SEVERAL_FILES.get(library, "")):
                homes.setdefault((library, here), set()).add(path)
    for (library, here), paths in homes.items():
        if len(paths) > 1:
            yield f"{library} is imported in {len(paths)} files of {here}, and one should know it: {', '.join(sorted(paths))}"


def blind_excepts(files: Sources) -> Iterator[str]:
    """`except Exception`, `except BaseException` and bare ones that let nothing through; a thread's top says so on the line."""
    for path, text in files.items():
        lines = text.splitlines()
        for node in ast.walk(parsed(text, path)):
            if not isinstance(node, ast.ExceptHandler) or not catches_all(node.type):
                continue
            passes_on = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None  # tidied up, and on it goes
            if not passes_on and "thread's top" not in lines[node.lineno - 1]:
                yield (
                    f"{path}:{node.lineno}: catches everything: name what can happen, or, where a thread begins, "
                    "say so on the line: # noqa: BLE001  a thread's top: ..."
                )


def stray_prints(files: Sources) -> Iterator[str]:
    """`print` where nobody reads it: the log is the daemon's voice."""
    for path, text in files.items():
        if any(fnmatch(path, pattern) for pattern in MAY_PRINT):
            continue
        for node in ast.walk(parsed(text, path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                yield f"{path}:{node.lineno}: print() belongs to the command line; log it, or return it"


def unintroduced(files: Sources) -> Iterator[str]:
    """Files that do not say in their first lines what they are about."""
    for path, text in files.items():
        if (ast.get_docstring(parsed(text, path)) or "TODO").startswith("TODO"):
            yield f"{path}:1: no docstring: say what this file knows and what it must not know"


def overlong(files: Sources) -> Iterator[str]:
    """Files too long for one subject that give no reason."""
    for path, text in files.items():
        lines = text.splitlines()
        if len(lines) > LINES_MAX and not any(line.startswith("# long: ") for line in lines[:25]):
            yield f"{path}: {len(lines)} lines, over {LINES_MAX}: split it, or give a reason near its top: # long: ..."


# --- what the rules read ---


@cache
def parsed(text: str, path: str) -> ast.Module:
    """Once for all rules."""
    return ast.parse(text, path)


@cache
def nodes(tree: ast.AST, *kinds: type[ast.AST]) -> tuple[ast.AST, ...]:
    """All of these kinds within; looked for once for all rules and drawings: the package has more than 100,000 nodes."""
    return tuple(node for node in ast.walk(tree) if isinstance(node, kinds))


def module_of(path: str) -> str:
    """`kiosk/core/money.py` is kiosk.core.money; `kiosk/core/__init__.py` is kiosk.core."""
    return path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def floor(module: str) -> int | None:
    """The floor of a module of ours, or None when the table has no place for it."""
    return next((number for number, pattern in FLOORS if fnmatch(module, pattern)), None)


def room(module: str) -> str:
    """`core`, `display`, `sandbox`, `app`: the folder or file directly below kiosk/."""
    return ([*module.split("."), ""])[1]


def inner_imports(files: Sources) -> Iterator[tuple[str, int, str, str]]:
    """(path, line, importing module, imported module) of each import within kiosk/, lazy ones too."""
    known = {module_of(path) for path in files}
    for path, text in files.items():
        module = module_of(path)
        package = module if path.endswith("__init__.py") else module.rpartition(".")[0]
        for node in nodes(parsed(text, path), ast.Import, ast.ImportFrom):
            if isinstance(node, ast.Import):
                targets = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                base = ".".join(package.split(".")[: len(package.split(".")) + 1 - node.level]) if node.level else ""
                base = ".".join(filter(None, [base, node.module]))
                names = [f"{base}.{alias.name}" for alias in node.names]
                targets = [name if name in known else base for name in names]
            else:
                continue
            for target in dict.fromkeys(targets):
                if target.split(".")[0] == "kiosk":
                    yield path, node.lineno, module, target


def outer_imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, top-level name) of each import from outside kiosk/, Python's own included."""
    for node in nodes(tree, ast.Import, ast.ImportFrom):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names = [node.module]
        else:
            continue
        yield from ((node.lineno, top) for name in names if (top := name.split(".")[0]) != "kiosk")


def catches_all(caught: ast.expr | None) -> bool:
    """Whether an except clause takes whatever comes."""
    match caught:
        case None | ast.Name(id="Exception" | "BaseException"):
            return True
        case ast.Tuple(elts=parts):
            return any(catches_all(part) for part in parts)
    return False


# --- the claims ---

RULES: list[Callable[[Sources], Iterator[str]]] = [
    upward_imports,
    circles,
    impure_core,
    scattered_libraries,
    blind_excepts,
    stray_prints,
    unintroduced,
    overlong,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_package_keeps_the_rule(rule: Callable[[Sources], Iterator[str]]) -> None:
    """No file of kiosk/ breaks any of the rules above."""
    breaches = list(rule(sources()))
    assert not breaches, "\n" + "\n".join(breaches)


def test_every_module_has_a_floor() -> None:
    """A new file is given its place in FLOORS before anything imports it."""
    homeless = [path for path in sources() if floor(module_of(path)) is None]
    assert not homeless, f"no floor in FLOORS of tests/test_floors.py for: {', '.join(homeless)}"


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("kiosk.cli", {"PIL", "babel", "cryptography", "flask", "numpy", "pygame", "pyzbar", "requests", "zxingcpp"}),
        (
            "kiosk.app",
            {"PIL", "escpos", "flask", "numpy", "pygame", "pyzbar", "waitress", "zxingcpp"},
        ),  # it asks about open orders before it draws
    ],
)
def test_a_start_loads_nothing_heavy(module: str, heavy: set[str]) -> None:
    """On a Pi each of these costs a good part of a second, and most commands need none."""
    listed = "import sys; print(*{name.split('.')[0] for name in sys.modules})"
    seen = subprocess.run(
        [sys.executable, "-c", f"import {module}; {listed}"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "kiosk" in seen.stdout.split()
    assert not heavy & set(seen.stdout.split())


@pytest.mark.parametrize(
    ("rule", "planted", "says"),
    [
        (upward_imports, {"kiosk/core/money.py": "from kiosk.core.model import Sale"}, "may only look down"),
        (upward_imports, {"kiosk/core/money.py": "from . import till", "kiosk/core/till.py": ""}, "may only look down"),
        (upward_imports, {"kiosk/keypad/matrix.py": "def f():\n    import kiosk.loop.runtime"}, "kiosk/keypad/matrix.py:2"),
        (
            upward_imports,
            {"kiosk/display/a.py": "from kiosk.camera import wire", "kiosk/camera/wire.py": ""},
            "do not know each other",
        ),
        (upward_imports, {"kiosk/payment/ledger.py": "from kiosk.core.lifecycle import merge"}, "never what decides"),
        (upward_imports, {"kiosk/loop/runtime.py": "from kiosk.payment.ledger import open_ledger"}, "only app.py"),
        (upward_imports, {"kiosk/sandbox/bank.py": "from kiosk.payment.wechat.signing import sign"}, "misunderstanding"),
        (upward_imports, {"kiosk/helpers.py": "import kiosk.core.money"}, "kiosk.helpers has no floor"),
        (
            circles,
            {"kiosk/core/a.py": "import kiosk.core.b", "kiosk/core/b.py": "from kiosk.core import a"},
            "a -> kiosk.core.b ->",
        ),
        (impure_core, {"kiosk/core/till.py": "import time"}, "does not import time"),
        (impure_core, {"kiosk/core/till.py": "from babel.numbers import x"}, "does not import babel"),
        (impure_core, {"kiosk/core/till.py": "print(1)"}, "does not call print()"),
        (impure_core, {"kiosk/core/till.py": "from datetime import datetime\ndatetime.now()"}, "kiosk/core/till.py:2"),
        (impure_core, {"kiosk/core/till.py": "def f():\n    global n"}, "globals"),
        (scattered_libraries, {"kiosk/camera/a.py": "import pygame"}, "pygame does not belong in camera"),
        (
            scattered_libraries,
            {"kiosk/payment/a.py": "import requests", "kiosk/payment/b.py": "import requests"},
            "2 files of payment",
        ),
        (scattered_libraries, {"kiosk/payment/a.py": "import httpx"}, "httpx does not belong"),
        (blind_excepts, {"kiosk/app.py": "try:\n    pass\nexcept (OSError, Exception):\n    pass"}, "kiosk/app.py:3"),
        (blind_excepts, {"kiosk/app.py": "try:\n    pass\nexcept:\n    pass"}, "kiosk/app.py:3"),
        (stray_prints, {"kiosk/loop/runtime.py": "print('here')"}, "kiosk/loop/runtime.py:1"),
        (unintroduced, {"kiosk/loop/runtime.py": "import os"}, "no docstring"),
        (unintroduced, {"kiosk/loop/runtime.py": '"""TODO"""'}, "no docstring"),
        (overlong, {"kiosk/loop/runtime.py": '"""Long."""\n' + "x = 1\n" * LINES_MAX}, "401 lines"),
    ],
)
def test_a_planted_breach_is_named(rule: Callable[[Sources], Iterator[str]], planted: Sources, says: str) -> None:
    """Each rule sees what it is for, and its sentence leads to the place."""
    assert any(says in sentence for sentence in rule(planted)), list(rule(planted))


@pytest.mark.parametrize(
    ("rule", "allowed"),
    [
        (
            upward_imports,
            {"kiosk/app.py": "from kiosk.payment.ledger import open_ledger\nfrom kiosk.loop.runtime import Runtime"},
        ),
        (
            circles,
            {"kiosk/core/__init__.py": "", "kiosk/core/a.py": "import kiosk.core.b", "kiosk/core/b.py": "import kiosk.core"},
        ),
        (scattered_libraries, {"kiosk/payment/ledger.py": "import sqlite3", "kiosk/sandbox/store.py": "import sqlite3, json"}),
        (blind_excepts, {"kiosk/app.py": "try:\n    pass\nexcept Exception:  # noqa: BLE001  a thread's top\n    pass"}),
        (blind_excepts, {"kiosk/app.py": "try:\n    pass\nexcept BaseException:\n    undo()\n    raise"}),
        (overlong, {"kiosk/app.py": '"""Long."""\n# long: one table\n' + "x = 1\n" * LINES_MAX}),
    ],
)
def test_what_is_allowed_passes(rule: Callable[[Sources], Iterator[str]], allowed: Sources) -> None:
    """No rule objects to the layout as it is meant."""
    assert list(rule(allowed)) == []
