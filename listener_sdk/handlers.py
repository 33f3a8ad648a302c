"""Job handlers: how a function becomes one, the input that its annotation asks for, and which handler takes a job."""

import inspect
import types
import typing
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticSchemaGenerationError, PydanticUserError

from ._declaring import Said, declaration
from ._granted import Granted, whole
from .errors import Fatal, RegistrationError
from .job import Job, SyncJob
from .protocol.filters import compile_filter, job_name_matches
from .protocol.frames import Taking
from .protocol.job_types import JobTypeDeclare
from .protocol.jobs import Job as RawJob
from .protocol.jobs import JsonObject
from .protocol.secrets import MOST_DECLARED, NAME

Function = Callable[..., Any]

_LONGEST_NAME: Final = 192
_DESCRIPTION: Final = ("info", "input", "metadata", "mode", "trigger", "subject", "tags")
_NOTHING: Final = Said()
_RESOURCES: Final = {"us_wb_": "workbookId", "us_sh_": "sheetId", "us_dc_": "documentId", "us_fl_": "fileId"}


@dataclass(frozen=True, slots=True)
class Handler:
    """A function that takes jobs of a name (or glob) whose ``job:ready`` passes the filter."""

    name: str
    function: Function
    place: str
    in_thread: bool
    model: TypeAdapter[Any] | None
    label: str | None = None
    filter: JsonObject | None = None
    concurrency: int | None = None
    secrets: tuple[str, ...] = ()
    declares: JobTypeDeclare | None = None

    def taking(self) -> Taking:
        """What the server is told of it."""
        return Taking(job=self.name, filter=self.filter)

    def read_input(self, raw: JsonObject | None) -> Any:
        """The job's input as the annotation asks; Fatal with every field's error when it does not fit."""
        if self.model is None:
            return raw or {}
        try:
            return self.model.validate_python(raw or {})
        except ValidationError as error:
            raise Fatal(f"The input is invalid: {_readable(error)}") from error


def make_handler(
    function: Function,
    name: str,
    *,
    said: Said = _NOTHING,
    input: Any = None,  # noqa: A002 - the wire's word
    filter: JsonObject | None = None,  # noqa: A002 - the wire's word
    concurrency: int | None = None,
    secrets: Iterable[str] = (),
) -> Handler:
    """The handler that this function is; RegistrationError, naming its file and line, when it cannot be one."""
    place = place_of(function)
    _check_name(name, place)
    if concurrency is not None and not 1 <= concurrency <= 1000:
        raise RegistrationError(f"{place}: concurrency is 1 to 1000, not {concurrency}.")
    in_thread = not inspect.iscoroutinefunction(_plain(function))
    parameter = _only_parameter(function, place)
    annotation = _resolved(function, parameter, place)
    _check_context(annotation, place, in_thread=in_thread)
    wanted = input if input is not None else _argument(annotation)
    model = None if wanted is None or wanted is Any or wanted is dict else _adapter(wanted, place)
    names = _named(secrets, place)
    declares = declaration(name, said, model, place)
    return Handler(name, function, place, in_thread, model, said.label, filter, concurrency, names, declares)


def _named(names: Iterable[str], place: str) -> tuple[str, ...]:
    """The names of secrets, each once."""
    found = ("",) if isinstance(names, str) else tuple(dict.fromkeys(names))
    if not all(isinstance(name, str) and NAME.fullmatch(name) for name in found):
        raise RegistrationError(f'{place}: secrets is a list of names, such as ["crm_token"].')
    if len(found) > MOST_DECLARED:
        raise RegistrationError(f"{place}: a handler declares at most {MOST_DECLARED} secrets.")
    return found


def choose(handlers: Iterable[Handler], job: RawJob | Granted) -> Handler | None:
    """The handler of a granted job: by its name, and where several have it by their filters; exact names before globs."""
    named = [handler for handler in handlers if job_name_matches(handler.name, job.job)]
    if len(named) <= 1:
        return named[0] if named else None
    ready = ready_event(whole(job))
    fitting = [handler for handler in named if compile_filter(handler.filter)(ready)]
    return min(fitting, key=lambda handler: "*" in handler.name, default=None)


def ready_event(job: RawJob) -> JsonObject:
    """The job's ``job:ready``, as far as the job tells: what the filters of handlers look at."""
    wire = job.model_dump(mode="json", exclude_none=True)
    payload: JsonObject = {"domain": job.type, "operation": job.operation, "job": job.job, "status": "ready"}
    payload["isPart"] = job.part is not None
    if job.parent_id is not None:
        payload["parentId"] = job.parent_id
    payload |= {name: wire[name] for name in _DESCRIPTION if name in wire}
    context: JsonObject = {"jobId": job.id, "actorId": job.created_by}
    context |= {name: wire[name] for name in ("environmentId", "spaceId", "fileId") if name in wire}
    if resource := _RESOURCES.get(job.source[:6]):
        context.setdefault(resource, job.source)
    return {"topic": "job:ready", "domain": "job", "payload": payload, "context": context}


def place_of(function: Function) -> str:
    """``file:line`` of a function, for messages."""
    code = getattr(_plain(function), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else repr(function)


def _plain(function: Function) -> Any:
    """The function that was written, under partials, wrappers and callable objects."""
    inner = inspect.unwrap(function.func if isinstance(function, partial) else function)
    return inner if inspect.isroutine(inner) else type(inner).__call__


def _check_name(name: str, place: str) -> None:
    kind, colon, operation = name.partition(":")
    if not (kind and colon and operation) or len(name) > _LONGEST_NAME or any(c.isspace() for c in kind):
        raise RegistrationError(
            f"{place}: {name[:80]!r} names no job. Write type:operation, such as workbook:export."
        )


def _only_parameter(function: Function, place: str) -> inspect.Parameter:
    if inspect.isgeneratorfunction(_plain(function)) or inspect.isasyncgenfunction(_plain(function)):
        raise RegistrationError(f"{place}: a handler returns its outcome; it cannot yield.")
    parameters = [*inspect.signature(function).parameters.values()]
    required = [
        p for p in parameters if p.default is p.empty and p.kind not in {p.VAR_POSITIONAL, p.VAR_KEYWORD}
    ]
    if not parameters or len(required) > 1 or parameters[0].kind is inspect.Parameter.KEYWORD_ONLY:
        shown = getattr(function, "__name__", "handler")
        raise RegistrationError(
            f"{place}: a handler takes one argument, the job: def {shown}(job: Job[Model])."
        )
    return parameters[0]


def _resolved(function: Function, parameter: inspect.Parameter, place: str) -> Any:
    if not isinstance(parameter.annotation, str):
        return None if parameter.annotation is parameter.empty else parameter.annotation
    plain = _plain(function)
    holder = types.SimpleNamespace(__annotations__={"job": parameter.annotation})
    inner = inspect.getclosurevars(plain).nonlocals if inspect.isfunction(plain) else {}
    try:
        return typing.get_type_hints(holder, getattr(plain, "__globals__", {}), inner)["job"]
    except Exception as error:
        raise RegistrationError(
            f"{place}: the annotation {parameter.annotation!r} cannot be read ({type(error).__name__}: {error}). "
            "Define the model at the top of the module, or pass input=Model to listener.job(...)."
        ) from error


def _check_context(annotation: Any, place: str, *, in_thread: bool) -> None:
    context = typing.get_origin(annotation) or annotation
    if context is None or context is Any:
        return
    fitting = SyncJob if in_thread else Job
    if context is not fitting:
        kind = "a plain def" if in_thread else "an async def"
        raise RegistrationError(
            f"{place}: the job of {kind} is annotated as {fitting.__name__} or {fitting.__name__}[Model], "
            f"not {getattr(context, '__name__', context)}."
        )


def _argument(annotation: Any) -> Any:
    arguments = typing.get_args(annotation)
    return arguments[0] if arguments and not isinstance(arguments[0], typing.TypeVar) else None


def _adapter(wanted: Any, place: str) -> TypeAdapter[Any]:
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(wanted)
        adapter.json_schema()
    except (
        PydanticSchemaGenerationError,
        PydanticInvalidForJsonSchema,
        PydanticUserError,
        NameError,
    ) as error:
        what = wanted.__name__ if isinstance(wanted, type) and issubclass(wanted, BaseModel) else wanted
        raise RegistrationError(f"{place}: {what} cannot be the input of a job: {error}") from error
    return adapter


def _readable(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, one['loc'])) or 'input'}: {_words(one['msg'])}" for one in found)


def _words(message: str) -> str:
    """What a model's own validator said, without what pydantic puts before it."""
    return message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
