"""Lists the mutants of a package: small changes of its code that a test should notice.

The changes are mutmut's, and like mutmut it changes what is inside of functions only. It is
asked for the changes and not run itself, because it leaves out every function with a
decorator, so most of what implements an interface here.

Runs in the environment of mutmut, so it imports nothing of this repository.

usage: mutants.py FOLDER SAMPLE SEED        so many of them, by chance (0: all)
       mutants.py FOLDER --these FILE       those whose keys FILE lists
Writes one JSON object a line.
"""

from collections import Counter
from dataclasses import dataclass
import hashlib
import json
from pathlib import Path
import random
import sys

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

# What is said to people. Tests hold on to the kind of an error and not to its words.
LOGGERS = ("_LOGGER",)
# As mutmut has it: these raise with whatever else they are given; a logger has no other name.
RAISING = ("len", "isinstance", "getLogger")


@dataclass(frozen=True)
class Mutant:
    """One change, not made yet."""

    key: str
    path: Path
    scope: str
    lines: tuple[int, int]  # a test that runs one of them may notice; the first is to be shown
    operator: str
    before: str
    after: str
    node: cst.CSTNode
    changed: cst.CSTNode


# libcst has no types here: it lives in an environment of its own.
class Finder(cst.CSTVisitor):  # type: ignore[misc]
    """Walks through a file and collects its mutants."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, path: Path, name: str) -> None:
        """Collect those of this file; the name is how it is called in keys."""
        super().__init__()
        self.path = path
        self.name = name
        self.found: list[Mutant] = []
        self._code = cst.Module([])
        self._scopes: list[str] = []
        self._functions: list[cst.FunctionDef] = []
        self._statements: list[cst.CSTNode] = []
        self._raises = 0
        self._seen: Counter[str] = Counter()

    def on_visit(self, node: cst.CSTNode) -> bool:
        """Collect what can be changed at this node, and say whether to look below it."""
        if _left_out(node):
            return False
        if isinstance(node, cst.BaseStatement | cst.SimpleStatementLine):
            self._statements.append(node)
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._scopes.append(node.name.value)
        if isinstance(node, cst.FunctionDef):
            self._functions.append(node)
        self._raises += isinstance(node, cst.Raise)
        for kind, operator in mutation_operators:
            if not self._functions or not isinstance(node, kind):
                continue
            if self._raises and operator.__name__ == "operator_string":
                continue
            for changed in operator(node):
                self._collect(node, changed, operator.__name__.removeprefix("operator_"))
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        """Forget where we were."""
        if self._statements and self._statements[-1] is original_node:
            self._statements.pop()
        if isinstance(original_node, cst.FunctionDef | cst.ClassDef):
            self._scopes.pop()
        if isinstance(original_node, cst.FunctionDef):
            self._functions.pop()
        self._raises -= isinstance(original_node, cst.Raise)

    def _collect(self, node: cst.CSTNode, changed: cst.CSTNode, operator: str) -> None:
        before, after = self._code.code_for_node(node), self._code.code_for_node(changed)
        statement = self._statements[-1]
        scope = ".".join(self._scopes)
        # Without line numbers, so that a mutant is found again when the file has grown.
        said = "|".join((self.name, scope, operator, _head(self._code, statement), before, after))
        self._seen[said] += 1
        key = hashlib.sha256(f"{said}|{self._seen[said]}".encode()).hexdigest()[:12]
        span = self.get_metadata(PositionProvider, statement)
        # What is given when nothing else is told stands in the head, which no test runs.
        last = span.end.line if isinstance(statement, cst.FunctionDef) else span.start.line
        lines = (span.start.line, last)
        self.found.append(
            Mutant(key, self.path, scope, lines, operator, before, after, node, changed)
        )


def _left_out(node: cst.CSTNode) -> bool:
    """Say whether nothing at or below this node is worth a change."""
    match node:
        # Types and decorators are for the type checker, or change what a class is.
        case (
            cst.Annotation()
            | cst.Decorator()
            | cst.TypeAlias()
            | cst.TypeParameters()
            | cst.Import()
            | cst.ImportFrom()
            | cst.If(test=cst.Name(value="TYPE_CHECKING"))
        ):
            return True
        case cst.Call(func=cst.Attribute(value=cst.Name(value=name))) if name in LOGGERS:
            return True
        case cst.Call(func=cst.Attribute(attr=cst.Name(value=name)) | cst.Name(value=name)):
            return name in RAISING
        # Docstrings.
        case cst.Expr(value=cst.SimpleString() | cst.ConcatenatedString()):
            return True
    return False


def _head(code: cst.Module, statement: cst.CSTNode) -> str:
    """Return the text of a statement, of a compound one its first line."""
    text: str = code.code_for_node(statement.with_changes(leading_lines=[])).strip()
    if isinstance(statement, cst.BaseCompoundStatement):
        return text.partition("\n")[0]
    return text


def mutants(folder: Path) -> list[tuple[cst.Module, list[Mutant]]]:
    """Return the mutants of each file of the folder."""
    result = []
    for path in sorted(folder.rglob("*.py")):
        name = path.relative_to(folder.parent).as_posix()
        tree = MetadataWrapper(cst.parse_module(path.read_text("utf-8")))
        finder = Finder(path, name)
        tree.visit(finder)
        result.append((tree.module, finder.found))
    return result


def main(folder: Path, arguments: list[str]) -> None:
    """Print the mutants that were asked for, with the whole text of each changed file."""
    every = [(tree, mutant) for tree, found in mutants(folder) for mutant in found]
    if arguments[0] == "--these":
        wanted = set(Path(arguments[1]).read_text("utf-8").split())
        some = [(tree, mutant) for tree, mutant in every if mutant.key in wanted]
        count = len(some)
    else:
        some = list(every)
        # Shuffled also when all are wanted: a run that is cut short is a sample then.
        random.Random(int(arguments[1])).shuffle(some)
        count = int(arguments[0]) or len(some)
    print(json.dumps({"all": len(every)}))
    for tree, mutant in some:
        if not count:
            break
        text = tree.deep_replace(mutant.node, mutant.changed).code
        try:
            compile(text, str(mutant.path), "exec")
        except SyntaxError:
            continue
        count -= 1
        print(
            json.dumps(
                {
                    "key": mutant.key,
                    "path": mutant.path.relative_to(folder.parent).as_posix(),
                    "scope": mutant.scope,
                    "lines": mutant.lines,
                    "operator": mutant.operator,
                    "before": mutant.before,
                    "after": mutant.after,
                    "text": text,
                }
            )
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
