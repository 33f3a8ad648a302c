"""Loads a listener script; what is wrong with it is named with file, line and the fix."""

import importlib
import importlib.util
import inspect
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Final

from ..errors import RegistrationError
from ..listener import Listener
from .failures import Failure, Misuse

_NAME: Final = "tickwire_listener_script"
"""Not the file's own name: a script may be called ``json.py`` or ``server.py``."""
_PACKAGE: Final = str(Path(__file__).resolve().parents[1])


def load(target: str) -> Listener:
    """The listener of a script (a path) or module; Failure says what is wrong with it and where."""
    path = Path(target)
    named_as_path = target.endswith(".py") or path.name != target
    if named_as_path and not path.is_file():
        raise Misuse(f"there is no file {target}. Give the path of a script, or the name of a module.")
    return _listener(_from_file(path) if path.is_file() else _from_module(target))


def folder_of(target: str) -> Path:
    """The folder whose Python files a reload watches: the script's, or the present one for a module."""
    path = Path(target)
    return path.resolve().parent if path.is_file() else Path.cwd()


def _from_file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(_NAME, path.resolve())
    if spec is None or spec.loader is None:
        raise Misuse(f"{path} is not a Python file. Give the path of a script that ends in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.resolve().parent))
    sys.modules[_NAME] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise broken(error, path.resolve().parent) from error
    return module


def _from_module(name: str) -> ModuleType:
    folder = Path.cwd()
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise Misuse(f"there is no file or module {name!r} here. Check its name and folder.") from error
        raise broken(error, folder) from error
    except (Exception, SystemExit) as error:
        raise broken(error, folder) from error


def _listener(module: ModuleType) -> Listener:
    found = getattr(module, "listener", None)
    if isinstance(found, Listener):
        return found
    setup = getattr(module, "setup", None)
    if callable(setup):
        return _set_up(module, setup)
    others = [name for name, value in vars(module).items() if isinstance(value, Listener)]
    if others:
        fix = f"Rename {others[0]!r} to 'listener'"
    else:
        fix = "Add 'listener = Listener()' at its top level, or define 'def setup(listener)'"
    raise Failure(f"{module.__file__} has no listener. {fix}.")


def _set_up(module: ModuleType, setup: object) -> Listener:
    assert callable(setup)
    if inspect.iscoroutinefunction(setup):
        raise Failure(
            f"{_defined(setup)}: setup is async, but it is called before a loop runs. Write 'def setup(listener)'."
        )
    try:
        inspect.signature(setup).bind(None)
    except TypeError as error:
        raise Failure(
            f"{_defined(setup)}: setup must take one argument. Write 'def setup(listener)'."
        ) from error
    listener = Listener()
    try:
        setup(listener)
    except (Exception, SystemExit) as error:
        raise broken(error, Path(str(module.__file__)).parent) from error
    return listener


def _defined(function: object) -> str:
    code = getattr(function, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else repr(function)


def broken(error: BaseException, folder: Path) -> Failure:
    """The failure that names where in the user's code an error arose, and the fix if it is known."""
    if isinstance(error, SyntaxError):
        where = f"{error.filename}:{error.lineno}"
        return Failure(
            f"{where}: {type(error).__name__}: {error.msg}.\n{_marked(error)}Mend this line and save."
        )
    if isinstance(error, RegistrationError):
        return Failure(str(error))
    where = _place(error, folder)
    if isinstance(error, ModuleNotFoundError) and error.name:
        top = error.name.partition(".")[0]
        return Failure(
            f"{where}: no module named {error.name!r}. Install it (pip install {top}) or mend the import."
        )
    if isinstance(error, SystemExit):
        return Failure(
            f"{where}: the script ends the process while it is loaded. Guard it: if __name__ == '__main__'."
        )
    return Failure(f"{where}: {type(error).__name__}: {error}")


def _marked(error: SyntaxError) -> str:
    if not error.text:
        return ""
    code = error.text.rstrip("\n")
    caret = " " * max(0, (error.offset or 1) - 1) + "^"
    return f"    {code}\n    {caret}\n"


def _place(error: BaseException, folder: Path) -> str:
    frames = [
        f
        for f in traceback.extract_tb(error.__traceback__)
        if not f.filename.startswith(("<frozen", _PACKAGE))
    ]
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(folder)]
    frame = (own or frames or traceback.extract_tb(error.__traceback__))[-1]
    return f"{frame.filename}:{frame.lineno}"
