"""What the docstrings say runs: those of the Python half, and those of the native half too."""

import doctest
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import GetSetDescriptorType, MemberDescriptorType, ModuleType
from typing import Any

import numpy as np
import pytest

import pyringbuf

ATTRIBUTES = (property, GetSetDescriptorType, MemberDescriptorType)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def modules() -> Iterator[ModuleType]:
    yield pyringbuf
    for found in pkgutil.walk_packages(pyringbuf.__path__, "pyringbuf."):
        yield importlib.import_module(found.name)


def members(name: str, owner: type) -> Iterator[tuple[str, Any]]:
    """What a class itself has: doctest's own search passes over what is not written in Python."""
    yield name, owner
    for key, value in vars(owner).items():
        if isinstance(value, classmethod | staticmethod):
            yield f"{name}.{key}", value.__func__
        elif inspect.isclass(value):
            yield from members(f"{name}.{key}", value)
        elif inspect.isroutine(value) or isinstance(value, ATTRIBUTES):
            yield f"{name}.{key}", value


def documented() -> dict[str, Any]:
    """Everything that may have a docstring, once; native classes under the name by which users know them."""
    found: dict[str, Any] = {}
    for module in modules():
        found[module.__name__] = module
        for key, value in vars(module).items():
            name = f"{module.__name__}.{key}"
            is_native = module.__name__ == "pyringbuf._core"
            if not is_native and getattr(value, "__module__", None) != module.__name__:
                continue
            if inspect.isclass(value) and not any(value is known for known in found.values()):
                found.update(members(name, value))
            elif inspect.isroutine(value):
                found[name] = value
    return found


DOCUMENTED = documented()


def examples() -> list[doctest.DocTest]:
    parser = doctest.DocTestParser()
    tests = []
    for name, value in DOCUMENTED.items():
        module = (value if inspect.ismodule(value) else inspect.getmodule(value)) or pyringbuf
        names = vars(pyringbuf) | vars(module) | {"rb": pyringbuf, "np": np}
        test = parser.get_doctest(inspect.getdoc(value) or "", names, name, module.__file__, 0)
        if test.examples:
            tests.append(test)
    return tests


@pytest.mark.skipif(np.__version__ < "2", reason="NumPy 1 prints single values otherwise")
@pytest.mark.parametrize("test", examples(), ids=lambda test: test.name)
def test_examples_run(test: doctest.DocTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said: list[str] = []
    doctest.DocTestRunner(optionflags=FLAGS).run(test, out=said.append)
    assert not said, "".join(said)


def public() -> dict[str, Any]:
    """What users can name, and what it can do wherever it got that from in this package."""
    found: dict[str, Any] = {}
    for key in pyringbuf.__all__:
        value = getattr(pyringbuf, key)
        if not inspect.isclass(value):
            found |= {key: value} if inspect.isroutine(value) else {}
            continue
        ours = [cls for cls in value.__mro__ if cls.__module__.startswith("pyringbuf")]
        for name, member in (pair for cls in reversed(ours) for pair in members(key, cls)):
            if not name.rpartition(".")[2].startswith("_"):
                found[name] = member
    return found


@pytest.mark.parametrize("name", sorted(public()))
def test_everything_public_is_documented(name: str) -> None:
    value = public()[name]
    # A class that says nothing would answer with what it inherited.
    assert vars(value)["__doc__"] if inspect.isclass(value) else value.__doc__


def test_native_docstrings_are_found() -> None:
    assert "pyringbuf._core.check_schema" in {test.name for test in examples()}
