"""Finds every atomic operation of the ring's own sources and the mutants that break it.

An operation is a fence, or a call that takes orderings. Where models reach it, it carries a label in a comment
(`// [P1] ...`, in the same function above it, and right above it if it has an order), and at least one mutant changes it: one with an order is
weakened or taken away, a relaxed one taken away, moved, or made to say something else. Where they do not, it is
named in `outside.toml` with the reason. An ordering that is spelled anywhere else is an error, so that no
operation can hide.
"""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "ringbuf-core" / "src"
MODELS = ROOT / "loom-tests" / "tests" / "models"
OUTSIDE = Path(__file__).resolve().parent / "outside.toml"
DOCUMENT = ROOT / "docs" / "MODELS.md"
BEGIN = "<!-- The table is written by `ci/mutants.sh --table`. -->\n"
END = "<!-- The end of that table. -->\n"

CALL = re.compile(
    r"\b(?P<fence>(?:compiler_)?fence)\s*\(|\.\s*(?P<method>load|store|swap|fetch_\w+|compare_exchange\w*)\s*\("
)
ORDERING = re.compile(r"\b(?:Ordering\s*::\s*)?\b(Relaxed|Acquire|Release|AcqRel|SeqCst)\b")
LABEL = re.compile(r"^\s*// \[([A-Z]\d+)\]")


@dataclass
class Operation:
    file: str
    function: str
    begin: int
    end: int
    # Where the orderings stand that are more than Relaxed.
    strong: list
    text: str
    label: str | None
    comment: str
    mutants: list = field(default_factory=list)

    def where(self):
        return f"{self.file}, fn {self.function}: {self.text}"


def blanked(text):
    """The text with comments and literals blank, every offset as it was."""
    pattern = re.compile(
        r'//[^\n]*|/\*.*?\*/|r(#*)".*?"\1|"(?:\\.|[^"\\])*"|\'(?:\\[^\n]*?|[^\'\\])\'', flags=re.S
    )
    return pattern.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)


def shipped(text):
    """The text in front of its tests."""
    return re.split(r"^#\[cfg\((?:test|all\(test\b[^\n]*\))\)\]\nmod \w+ \{", text, maxsplit=1, flags=re.M)[0]


def closing(code, opening):
    """Where the bracket that opens there is closed."""
    depth = 0
    for at in range(opening, len(code)):
        depth += (code[at] in "([{") - (code[at] in ")]}")
        if depth == 0:
            return at
    raise SystemExit("a bracket is never closed")


def receiver(code, begin):
    """Where the expression begins on which a method is called."""
    at, dotted = begin, True
    while at > 0:
        previous = code[at - 1]
        if previous in ")]":
            depth = 0
            while True:
                at -= 1
                depth += (code[at] in ")]}") - (code[at] in "([{")
                if depth == 0:
                    break
            dotted = False
        elif previous.isalnum() or previous == "_":
            if not dotted and code[at].isspace():
                break
            at, dotted = at - 1, False
        elif previous in ".:?":
            at, dotted = at - 1, True
        elif previous.isspace() and dotted:
            at -= 1
        else:
            break
    return at


def arguments(code, opening, end):
    """The spans of the arguments of a call."""
    spans, begin, depth = [], opening + 1, 0
    for at in range(opening + 1, end + 1):
        if depth == 0 and (code[at] == "," or at == end):
            spans.append((begin, at))
            begin = at + 1
        depth += (code[at] in "([{") - (code[at] in ")]}")
    return spans


def operations_of(path):
    """The atomic operations of one file, and what is wrong with it."""
    text = shipped(path.read_text())
    code = blanked(text)
    file = str(path.relative_to(ROOT))
    lines = text.splitlines()
    functions = [(found.start(), found.group(1)) for found in re.finditer(r"\bfn (\w+)", code)]
    operations, wrong, spelled = [], [], set()
    for call in CALL.finditer(code):
        end = closing(code, call.end() - 1)
        orderings = []
        for begin, stop in arguments(code, call.end() - 1, end):
            found = ORDERING.fullmatch(code[begin:stop].strip())
            if found:
                at = ORDERING.search(code, begin)
                orderings.append((at.start(), at.end(), at.group(1)))
        name = call.group("fence") or call.group("method")
        if not orderings:
            if name not in ("load", "store", "swap"):
                wrong.append(f"{file}: {name} without an ordering that can be read")
            continue
        spelled.update(at for at, _, _ in orderings)
        begin = call.start() if call.group("fence") else receiver(code, call.start())
        function_at, function = max(f for f in functions if f[0] < begin) if functions else (0, "")
        first = text.count("\n", 0, function_at)
        last = text.count("\n", 0, begin)
        strong = [(a, b) for a, b, order in orderings if order != "Relaxed"]
        label, comment = label_above(lines, first, last, bool(strong))
        operations.append(
            Operation(
                file,
                function,
                begin,
                end + 1,
                strong,
                re.sub(r"\s*\n\s*", "", text[begin : end + 1]).replace(",)", ")").replace(",", ", ").replace(",  ", ", "),
                label,
                comment,
            )
        )
    imports = [found.span() for found in re.finditer(r"^\s*(?:pub(?:\(\w+\))? )?use [^;]*;", code, flags=re.M)]
    for found in ORDERING.finditer(code):
        if found.start() not in spelled and not any(a <= found.start() < b for a, b in imports):
            wrong.append(f"{file}: {found.group()} outside of an operation, line {text.count(chr(10), 0, found.start()) + 1}")
    if "cmp::Ordering" not in code:
        for found in re.finditer(r"\bOrdering\b(?!\s*::)", code):
            if not any(a <= found.start() < b for a, b in imports):
                wrong.append(f"{file}: an ordering as a value, line {text.count(chr(10), 0, found.start()) + 1}")
    return operations, wrong


def label_above(lines, first, last, is_directly):
    """The label of the nearest comment that begins with one, above line `last` of a function that begins at `first`;
    of the very comment above that line, if it must be."""
    for at in range(last - 1, first, -1):
        found = LABEL.match(lines[at])
        if found:
            comment = [lines[at].strip()]
            while lines[at + 1].strip().startswith("//") and not LABEL.match(lines[at + 1]):
                at += 1
                comment.append(lines[at].strip())
            return found.group(1), " ".join(line.removeprefix("//").strip() for line in comment)
        if is_directly and not lines[at].strip().startswith("//"):
            break
    return None, ""


def all_models():
    """The names of the models."""
    names = []
    for path in sorted(MODELS.glob("*.rs")):
        for found in re.finditer(r"#\[test\](?:\s*#\[[^\n]*\])*\s*fn (\w+)", path.read_text()):
            names.append(f"{path.stem}::{found.group(1)}")
    return names


def changed(file_text, old, new):
    """What an edit changes: without what is the same at both ends."""
    at = file_text.index(old)
    begin = 0
    while begin < min(len(old), len(new)) and old[begin] == new[begin]:
        begin += 1
    end = 0
    while end < min(len(old), len(new)) - begin and old[-1 - end] == new[-1 - end]:
        end += 1
    return at + begin, at + len(old) - end


def breaks(operation, span):
    """Whether a change of this span weakens an operation, or takes it away."""
    begin, end = span
    overlap = lambda a, b: begin < b and a < end
    if not operation.strong:
        return overlap(operation.begin, operation.end)
    if any(overlap(a, b) for a, b in operation.strong):
        return True
    # All but the ends that the text put in its place has in common with it.
    return begin <= operation.begin + 1 and operation.end - 3 <= end


def survey(mutants):
    """Every operation with the mutants that break it, and what is wrong."""
    operations, wrong, texts = [], [], {}
    outside = tomllib.loads(OUTSIDE.read_text())["outside"]
    unseen = {entry["file"] for entry in outside if "within" not in entry}
    for path in sorted(SOURCES.rglob("*.rs")):
        if "tests" in path.parts or path.stem.endswith("tests"):
            continue
        file = str(path.relative_to(ROOT))
        texts[file] = path.read_text()
        if file in unseen:
            continue
        found, errors = operations_of(path)
        operations += found
        wrong += errors
    for file in unseen - set(texts):
        wrong.append(f"outside.toml: there is no {file}")
    models = all_models()
    for mutant in mutants:
        for model in mutant["models"]:
            if not any(name == model or model.endswith("::") and name.startswith(model) for name in models):
                wrong.append(f"{mutant['id']}: there is no model {model}")
        for file, old, new in mutant["edits"]:
            text = texts.get(file) or (ROOT / file).read_text()
            if text.count(old) != 1:
                wrong.append(f"{mutant['id']}: found {text.count(old)} times in {file}: {old.strip()!r}")
                continue
            span = changed(text, old, new)
            for operation in operations:
                if operation.file == file and breaks(operation, span) and mutant not in operation.mutants:
                    operation.mutants.append(mutant)
    named = partners(operations)
    inside = []
    counts = {(entry["file"], entry.get("within")): 0 for entry in outside}
    for operation in operations:
        key = (operation.file, operation.function)
        if key in counts:
            counts[key] += 1
            continue
        inside.append(operation)
        if operation.label is None:
            wrong.append(f"no label: {operation.where()}")
        elif operation.label not in named and "alone" not in operation.comment:
            wrong.append(f"no partner named: {operation.where()}")
        if not operation.mutants:
            wrong.append(f"no mutant: {operation.where()}")
    for entry in outside:
        if "within" in entry and counts[entry["file"], entry["within"]] != entry["operations"]:
            found = counts[entry["file"], entry["within"]]
            wrong.append(
                f"outside.toml: {entry['file']}, fn {entry['within']} has {found} operations, not {entry['operations']}"
            )
    return inside, sum(counts.values()), wrong


def partners(operations):
    """For each label those that its comments name, and those that name it."""
    named = {}
    for operation in operations:
        if operation.label:
            others = set(re.findall(r"\[([A-Z]\d+)\]", operation.comment)) - {operation.label}
            for other in others:
                named.setdefault(operation.label, set()).add(other)
                named.setdefault(other, set()).add(operation.label)
    return named


def table(operations):
    """The operations as they stand in the document."""
    named = partners(operations)
    rows = [
        BEGIN,
        "| label | operation | with | broken by: noticed by |\n",
        "| --- | --- | --- | --- |\n",
    ]
    for operation in operations:
        file = operation.file.removeprefix("ringbuf-core/src/").removeprefix("protocol/").removesuffix(".rs")
        text = operation.text.replace("Ordering::", "").replace("|", "\\|")
        cells = []
        for mutant in operation.mutants:
            models = ", ".join(f"`{model}`" for model in mutant["models"])
            cells.append(f"{mutant['id']}: {'*argued*' if 'survives' in mutant else models}")
        others = ", ".join(sorted(named.get(operation.label, ())))
        rows.append(
            f"| {operation.label} | {file} `{operation.function}`: `{text}` | {others} | {'; '.join(cells)} |\n"
        )
    return "".join([*rows, END])


def documented():
    """The document's parts before, in and behind the table."""
    text = DOCUMENT.read_text()
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise SystemExit(f"{DOCUMENT} has no place for the table of operations")
    before, rest = text.split(BEGIN)
    within, after = rest.split(END)
    return before, BEGIN + within + END, after


def write(mutants):
    """Writes the table into the document."""
    operations, _, wrong = survey(mutants)
    report(wrong)
    before, _, after = documented()
    DOCUMENT.write_text(before + table(operations) + after)


def check(mutants):
    """Fails if an operation has no mutant, a mutant does not fit, or the document's table is stale."""
    operations, outside, wrong = survey(mutants)
    text = DOCUMENT.read_text()
    survivors = sum("survives" in mutant for mutant in mutants)
    numbers = f"in {len(mutants)} ways", f"**{len(mutants) - survivors} are killed.** {survivors} survive:"
    wrong += [f"{DOCUMENT.name}: does not say {said!r}" for said in numbers if said not in text]
    for model in all_models():
        if not model.startswith("guard::") and f"| `{model.split('::')[1]}` |" not in text:
            wrong.append(f"{DOCUMENT.name}: has no row for {model}")
    if not wrong and documented()[1] != table(operations):
        wrong.append("docs/MODELS.md: the table of operations is stale: ci/mutants.sh --table writes it")
    report(wrong)
    argued = [o for o in operations if all("survives" in mutant for mutant in o.mutants)]
    used = {mutant["id"] for operation in operations for mutant in operation.mutants}
    print(
        f"{len(operations)} atomic operations, each with a label and a mutant: {len(operations) - len(argued)} killed, "
        f"{len(argued)} argued; by {len(used)} of {len(mutants)} mutants; {outside} operations outside the models, "
        "each with a reason",
        flush=True,
    )


def report(wrong):
    if wrong:
        raise SystemExit("\n".join(["the mutants are not complete:", *wrong]))
