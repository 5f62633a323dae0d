"""Draws the parts of docs/architecture.md that the code decides: `python -m tests.architecture` writes them anew.

Floors and rooms from FLOORS of tests/test_floors.py and the imports; processes from the units in systemd/ and what their first
modules reach; threads from the calls that start them. What stands between the drawings is written by hand.
"""

from __future__ import annotations

import ast
import configparser
import re
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from tests.test_floors import ROOT, Sources, floor, inner_imports, module_of, nodes, outer_imports, parsed, sources

FILE = ROOT / "docs/architecture.md"
CLI, APP, LANES = "kiosk/cli.py", "kiosk/app.py", "kiosk/loop/lanes.py"
DOORS = 5
NAMES = {5: "doors", 4: "loop", 3: "hands", 2: "decisions", 1: "nouns", 0: "words"}
SOCKETS = {  # the module by which a process asks at one, and the unit that answers there
    "kiosk.camera.link": ("kiosk-scanner.sock", "kiosk-scanner"),
    "kiosk.steward.client": ("kiosk-steward.sock", "kiosk-steward"),
    "kiosk.owner.kiosk_link": ("owner.sock", "kiosk"),
    "kiosk.release.update": ("control.sock", "kiosk"),
}
PART = re.compile(r"(<!-- drawn: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def drawn(text: str) -> str:
    """The file's text with each drawing as the code has it now."""
    files = sources()
    made = {"floors": floors(files), "rooms": rooms(files), "processes": processes(files), "threads": threads(files)}
    assert sorted(made) == sorted(name for _, name, _ in PART.findall(text)), (
        "a drawing has no place in the file, or is there twice"
    )
    return PART.sub(lambda found: found[1] + "\n".join([*made[found[2]], ""]) + found[3], text)


# --- floors ---


def floors(files: Sources) -> Iterator[str]:
    """Each floor with its rooms and how many modules each has; an arrow where a floor imports from another."""
    placed = _placed(files)
    seen = {(placed[module][0], placed[target][0]) for _, _, module, target in inner_imports(files)}
    yield from ("```mermaid", "flowchart TB")
    for number in sorted(NAMES, reverse=True):
        mine = [room for at, room in placed.values() if at == number]
        yield f'    subgraph f{number}["{number} {NAMES[number]}: {len(mine)} modules"]'
        yield from (f'        f{number}_{_id(room)}["{room} {mine.count(room)}"]' for room in sorted(set(mine)))
        yield "    end"
    yield from (f"    f{above} --> f{below}" for above, below in sorted(seen, reverse=True) if above != below)
    yield "```"


def rooms(files: Sources) -> Iterator[str]:
    """The same as a table, with the rooms that each sees."""
    placed = _placed(files)
    sees: dict[tuple[int, str], set[str]] = {}
    for _, _, module, target in inner_imports(files):
        here, there = placed[module], placed[target]
        sees.setdefault(here, set()).update({there[1]} - {here[1], "kiosk/"})
    yield from ("| floor | room | modules | sees |", "| --- | --- | ---: | --- |")
    for (number, room), all_ in groupby(sorted(placed.values(), key=lambda at: (-at[0], at[1]))):
        seen = " ".join(f"`{each}`" for each in sorted(sees.get((number, room), ())))
        yield f"| {number} {NAMES[number]} | `{room}` | {len(list(all_))} | {seen} |"


def _placed(files: Sources) -> dict[str, tuple[int, str]]:
    """Of each module its floor and its room: the folder below kiosk/, or `kiosk/` for a file beside the folders."""
    found = {}
    for path in files:
        number, parts = floor(module_of(path)), path.split("/")
        assert number is not None, path
        found[module_of(path)] = number, f"{parts[1]}/" if len(parts) > 2 else "kiosk/"
    return found


# --- processes ---


def processes(files: Sources) -> Iterator[str]:
    """Each unit that runs the kiosk's code: who it is, where it begins, whom it asks, which outside libraries it may load."""
    graph: dict[str, set[str]] = {}
    for _, _, module, target in inner_imports(files):
        graph.setdefault(module, set()).add(target)
    outside = {module_of(path): {library for _, library in outer_imports(parsed(text, path))} for path, text in files.items()}
    units = {path.stem: begins for path in sorted((ROOT / "systemd").glob("*.service")) if (begins := _unit(path, files))}
    reach = {name: _reached(modules, graph) for name, (modules, _) in units.items()}
    yield from ("```mermaid", "flowchart LR")
    yield from (f'    {_id(name)}["{name}<br>user {user}"]' for name, (_, user) in units.items())
    for name in units:
        for client, (socket, answers) in SOCKETS.items():
            if client in reach[name] and answers != name:
                yield f"    {_id(name)} -- {socket} --> {_id(answers)}"
    yield from ("```", "", "| unit | user | begins in | outside libraries within its reach |", "| --- | --- | --- | --- |")
    for name, (modules, user) in units.items():
        libraries = sorted(set().union(*(outside[each] for each in reach[name])) - sys.stdlib_module_names)
        begins = " ".join(f"`{module}`" for module in modules)
        yield f"| `{name}` | {user} | {begins} | {', '.join(libraries) or 'none'} |"


def _unit(path: Path, files: Sources) -> tuple[list[str], str] | None:
    """The modules in which this service begins and its user; None for one that runs no code of the kiosk's."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(path.read_text("utf-8"))
    service = parser["Service"]
    user = f"{service['User']}, while it runs" if "DynamicUser" in service else service.get("User", "root")
    match service["ExecStart"].split():
        case [_, "-m", module, *_] if module.startswith("kiosk."):
            return [module if f"{module.replace('.', '/')}.py" in files else f"{module}.__main__"], user
        case ["/usr/lib/kiosk/bin/kiosk", command, *_]:
            return _of_command(command, files), user
    return None


def _of_command(name: str, files: Sources) -> list[str]:
    """The doors that the function of this command imports."""
    (function,) = (node for node in ast.walk(parsed(files[CLI], CLI)) if isinstance(node, ast.FunctionDef) and node.name == name)
    lines = range(function.lineno, (function.end_lineno or 0) + 1)
    return [target for path, line, _, target in inner_imports(files) if path == CLI and line in lines and floor(target) == DOORS]


def _reached(start: list[str], graph: dict[str, set[str]]) -> set[str]:
    found, fresh = set(start), list(start)
    while fresh:
        more = graph.get(fresh.pop(), set()) - found
        found |= more
        fresh += more
    return found


# --- threads ---


def threads(files: Sources) -> Iterator[str]:
    """Those of the money process that are watched, with how long each may be silent; then all others, where each is started."""
    limits = {**_constants(files[LANES]), **_constants(files[APP])}
    yield from ("| watched | what it does | may be silent |", "| --- | --- | ---: |")
    for call in _calls(APP, files[APP], "spawn", "register"):
        name, *does, limit = (ast.unparse(argument) for argument in call.args)
        runs = re.search(r"[\w.]+\.(run|serve)\b", does[0]) if does else None
        yield f"| {_name(name, files)} | {f'`{runs[0]}`' if runs else 'beats by hand'} | {limits[limit]:.0f} s |"
    yield from ("", "| beside them | started in | does |", "| --- | --- | --- |")
    for path, text in files.items():
        for call in _calls(path, text, "Thread"):
            words = {word.arg: ast.unparse(word.value) for word in call.keywords}
            if path != "kiosk/loop/supervision.py":  # it starts those above
                yield f"| {_bare(words.get('name', 'one for each talk'))} | `{path}` | `{words['target']}` |"


def _constants(text: str) -> dict[str, float]:
    """The numbers at the top of a module, by name."""
    found = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Constant):
            found[node.targets[0].id] = node.value.value
    return found


def _calls(path: str, text: str, *names: str) -> list[ast.Call]:
    """In the order of the lines."""
    found = [
        node
        for node in nodes(parsed(text, path), ast.Call)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names
    ]
    return sorted(found, key=lambda call: call.lineno)


def _name(code: str, files: Sources) -> str:
    """A text, or all that it may be: the lanes' names, the sockets'."""
    match code:
        case "lane.name":
            return ", ".join(re.findall(r'\bLane\("([^"]+)"', files[LANES]))
        case "name":
            return ", ".join(re.findall(r'\bcontrols(?: = {|\[)"(\w+)"', files[APP]))
        case _:
            return _bare(code)


def _bare(code: str) -> str:
    """A literal's text."""
    return re.sub(r"^f?['\"]|['\"]$", "", code)


def _id(name: str) -> str:
    return re.sub(r"\W", "_", name)


if __name__ == "__main__":
    FILE.write_text(drawn(FILE.read_text("utf-8")), "utf-8")
