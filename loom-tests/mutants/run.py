"""Applies the mutants of the lists beside this file, one at a time, to a copy of the sources.

A list names a source file and the mutants of it: `old` is found exactly once in the file and replaced by
`new`; every model named in `models` (a whole name, or the beginning of several ending in `::`) is run
until one fails. A mutant with `survives = "why"` is run against all it names, and must pass them all.
`also` holds further edits, for what takes two places. A list that does not apply or does not compile is
an error of the list, never a killed mutant.

Before anything is run, `operations.py` demands that every atomic operation of the protocol has its mutants.
`--check` does only that; `--table` writes them into docs/MODELS.md.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import operations

ROOT = Path(__file__).resolve().parents[2]
LISTS = Path(__file__).resolve().parent
CRATES = ["ringbuf-core", "ringbuf-derive", "loom-tests"]
WORK = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve() / "mutants"
SECONDS = 120

# What is run must fail fast rather than run fast; loom itself is worth optimising.
PROFILE = """
[profile.release]
opt-level = 1
debug = false
incremental = true
[profile.release.package."*"]
opt-level = 3
"""


class Stale(Exception):
    """The list does not fit the source."""


def copy_sources():
    """A workspace of the crates that models need, under a path that stays, so that builds are short."""
    source = WORK / "source"
    for crate in CRATES:
        shutil.rmtree(source / crate, ignore_errors=True)
        # Not with the times of the originals: what was edited before the last build ended would pass for built.
        shutil.copytree(ROOT / crate, source / crate, copy_function=shutil.copyfile)
    manifest = (ROOT / "Cargo.toml").read_text()
    members = "members = [" + ", ".join(f'"{crate}"' for crate in CRATES) + "]"
    manifest = re.sub(r"^default-members = \[.*?\]\n", "", manifest, flags=re.S | re.M)
    manifest = re.sub(r"^members = \[.*?\]", members, manifest, count=1, flags=re.S | re.M)
    manifest = re.sub(r"\n\[profile\..*?(?=\n\[(?!profile)|\Z)", "\n", manifest, flags=re.S)
    (source / "Cargo.toml").write_text(manifest + PROFILE)
    shutil.copy(ROOT / "Cargo.lock", source)
    return source


def load_lists():
    mutants = []
    for path in sorted(LISTS.glob("*.toml")):
        content = tomllib.loads(path.read_text())
        for mutant in content.get("mutant", []):
            edits = [mutant, *mutant.get("also", [])]
            file = mutant.get("file", content["file"])
            mutant["edits"] = [(e.get("file", file), e["old"], e["new"]) for e in edits]
            mutants.append(mutant)
    names = [mutant["id"] for mutant in mutants]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise SystemExit(f"the same id twice: {', '.join(sorted(twice))}")
    return mutants


def mutate(source, edits):
    """Applies the edits and returns the texts to put back."""
    before = {}
    try:
        for file, old, new in edits:
            path = source / file
            text = path.read_text()
            if text.count(old) != 1:
                raise Stale(f"found {text.count(old)} times in {file}: {old.strip()!r}")
            before.setdefault(path, text)
            path.write_text(text.replace(old, new))
    except Stale:
        restore(before)
        raise
    return before


def select(source, models):
    """Leaves only those files of models to build that a mutant needs: that is most of the time it takes."""
    files = sorted({model.split("::")[0] for model in models})
    text = "#![cfg(loom)]\n" + "".join(f"mod {file};\n" for file in files)
    (source / "loom-tests" / "tests" / "models" / "main.rs").write_text(text)


def restore(before):
    for path, text in before.items():
        path.write_text(text)


def build(source):
    """Builds the models and returns their program."""
    flags = "--cfg loom -C debug_assertions -A warnings"
    environment = os.environ | {"RUSTFLAGS": flags, "CARGO_TARGET_DIR": str(WORK / "target")}
    command = "cargo test -q -p loom-tests --release --test models --no-run --message-format json".split()
    done = subprocess.run(command, cwd=source, env=environment, capture_output=True, text=True)
    messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0:
        errors = [m["message"]["rendered"] for m in messages if m.get("reason") == "compiler-message"]
        raise Stale("does not compile\n" + "\n".join(errors or [done.stderr]))
    programs = [m["executable"] for m in messages if m.get("executable")]
    return programs[-1]


def named(program, model):
    """The models that a name of the list stands for."""
    listed = subprocess.run([program, "--list"], capture_output=True, text=True, check=True).stdout
    every = re.findall(r"^(.*): test$", listed, flags=re.M)
    found = [name for name in every if name == model or (model.endswith("::") and name.startswith(model))]
    if not found:
        raise Stale(f"there is no model {model}")
    return found


def fails(program, model):
    """Runs one model; returns how it failed, or None."""
    try:
        done = subprocess.run(
            [program, "--exact", model, "--nocapture"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise Stale(f"{model} took more than {SECONDS} s") from None
    if done.returncode == 0:
        return None
    found = re.search(r"panicked at .*?:\n(.*)", done.stdout + done.stderr)
    return f"{model}: {found.group(1)[:70] if found else done.returncode}"


def judge(program, mutant):
    """Says what became of a built mutant, and whether that is what the list expects."""
    models = [model for name in mutant["models"] for model in named(program, name)]
    reason = next(filter(None, (fails(program, model) for model in models)), None)
    if "survives" in mutant:
        return ("survives", True) if reason is None else (f"KILLED, listed as a survivor ({reason})", False)
    return (f"killed ({reason})", True) if reason else ("SURVIVED", False)


def main(arguments):
    mutants = load_lists()
    if arguments == ["--table"]:
        return operations.write(mutants)
    operations.check(mutants)
    if arguments == ["--check"]:
        return
    if arguments == ["--quick"]:
        mutants = [mutant for mutant in mutants if mutant.get("quick")]
    elif arguments:
        unknown = set(arguments) - {mutant["id"] for mutant in mutants}
        if unknown:
            raise SystemExit(f"no such mutant: {', '.join(sorted(unknown))}")
        mutants = [mutant for mutant in mutants if mutant["id"] in arguments]
    source = copy_sources()
    begun, killed, wrong = time.monotonic(), 0, []
    for mutant in mutants:
        before = {}
        try:
            before = mutate(source, mutant["edits"])
            select(source, mutant["models"])
            verdict, expected = judge(build(source), mutant)
        except Stale as stale:
            verdict, expected = f"ERROR: {stale}", False
        finally:
            restore(before)
        killed += verdict.startswith("killed")
        if not expected:
            wrong.append(mutant["id"])
        print(f"{mutant['id']:<28} {verdict}", flush=True)
    survivors = sum("survives" in mutant for mutant in mutants)
    seconds = time.monotonic() - begun
    print(f"{killed} killed, {survivors} listed as survivors, {len(wrong)} wrong, {seconds:.0f} s", flush=True)
    if wrong:
        raise SystemExit("wrong: " + ", ".join(wrong))


if __name__ == "__main__":
    main(sys.argv[1:])
