"""Hooks on the wire: addresses at which other programs start jobs or publish events, and what came there."""

import base64
import re
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from .codes import Refusal
from .definition_codes import DefinitionCode
from .events import check_topic
from .filters import compile_filter
from .job_types import Code as TypeCode
from .job_types import RunMode
from .jobs import JsonObject, Reference
from .model import WireModel
from .signatures import PUBLIC_KEY, SECRET, STANDARD
from .texts import visible
from .times import Time

MOST_HOOKS: Final = 1_000
"""Hooks of one space."""
LONGEST_WAIT_S: Final = 60
LONGEST_TOLERANCE_S: Final = 86_400
LONGEST_OVERLAP_S: Final = 30 * 86_400
SHORTEST_SECRET: Final = 8
LONGEST_SECRET: Final = 512
STATUSES: Final = ("started", "published", "ignored", "failed")
"""What becomes of a delivery: a job, an event, nothing because of the filter, nothing because of a problem."""
TARGETS: Final = ("definition", "jobType", "event")
"""What a hook starts: one of these."""

_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")
_PLACES: Final = re.compile(r"\{(\w*)\}")


def _header(text: str) -> str:
    if not _HEADER.fullmatch(text):
        raise ValueError("must be the name of a header, such as X-Signature")
    return text.lower()


def _signed(text: str) -> str:
    named = _PLACES.findall(text)
    if named.count("body") != 1 or not {*named} <= {"body", "timestamp", "id"}:
        raise ValueError(
            "must have {body} in it once, and besides {timestamp} and {id} where they are signed"
        )
    return text


def _filter(conditions: JsonObject) -> JsonObject:
    try:
        compile_filter(conditions)
    except Refusal as refusal:
        raise ValueError(refusal.message) from None
    return conditions


def _topic(text: str) -> str:
    try:
        check_topic(text)
    except Refusal as refusal:
        raise ValueError(refusal.message) from None
    return text


Name = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(lambda text: visible(text).strip())]
Header = Annotated[str, AfterValidator(_header)]
Printable = Annotated[str, Field(max_length=64, pattern=r"^[\x20-\x7e]*$")]
Secret = Annotated[
    str, Field(min_length=SHORTEST_SECRET, max_length=LONGEST_SECRET, pattern=r"^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$")
]  # fmt: skip
Kind = Literal["standard", "github", "stripe", "slack", "hmac", "bearer", "none"]
ReplayBy = Literal["id", "body", "header", "none"]
Accepts = Literal["auto", "json", "form", "text"]
Filter = Annotated[JsonObject, AfterValidator(_filter)]
Topic = Annotated[str, Field(max_length=128), AfterValidator(_topic)]
Wait = Annotated[int, Field(ge=0, le=LONGEST_WAIT_S)]


class _Strict(WireModel):
    """Other fields are refused: one that is misspelt would be dropped in silence."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Verification(_Strict):
    """How a call proves from whom it comes, before its body is read.

    - ``kind``: ``standard`` (Standard Webhooks), ``github``, ``stripe``, ``slack``; ``hmac`` (any other signature by a shared secret);
      ``bearer`` (a token in a header); ``none`` (whoever knows the address)
    - ``toleranceS``: how far a signed timestamp may lie from now
    - ``header``, ``prefix``: where the signature or token stands, and what stands before it there (``hmac``, ``bearer``)
    - ``encoding``, ``algorithm``: how a signature is written, and made (``hmac``)
    - ``signed``: what is signed (``hmac``): ``{body}``, or a text with it such as ``{timestamp}.{body}``
    - ``timestampHeader``, ``idHeader``: where ``{timestamp}`` (seconds since 1970) and ``{id}`` are read
    """

    kind: Kind
    tolerance_s: Annotated[int, Field(ge=1, le=LONGEST_TOLERANCE_S)] | None = None
    header: Header | None = None
    prefix: Printable | None = None
    encoding: Literal["hex", "base64", "base64url"] | None = None
    algorithm: Literal["sha256", "sha512", "sha384", "sha1"] | None = None
    signed: Annotated[str, Field(max_length=256), AfterValidator(_signed)] | None = None
    timestamp_header: Header | None = None
    id_header: Header | None = None

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        said = {name for name in self.model_fields_set if name != "kind" and getattr(self, name) is not None}
        surplus = sorted(said - _OF_KIND[self.kind])
        if surplus:
            takes = ", ".join(sorted(_wire(name) for name in _OF_KIND[self.kind])) or "nothing else"
            raise ValueError(f"{self.kind} takes no {_wire(surplus[0])}; beside kind it takes {takes}")
        if self.kind == "hmac":
            self._check_hmac()
        return self

    def _check_hmac(self) -> None:
        if self.header is None:
            raise ValueError("hmac needs header: the name of the header with the signature")
        signed = self.signed or "{body}"
        for place, name in (("timestamp", self.timestamp_header), ("id", self.id_header)):
            if (f"{{{place}}}" in signed) != (name is not None):
                raise ValueError(
                    f"{place}Header and {{{place}}} in signed belong together: one stands where the other is read"
                )


_HMAC: Final = frozenset({"tolerance_s", "header", "prefix", "encoding", "algorithm", "signed", "timestamp_header", "id_header"})  # fmt: skip
_OF_KIND: Final = {
    **dict.fromkeys(("standard", "stripe", "slack"), frozenset({"tolerance_s"})),
    "github": frozenset(),
    "hmac": _HMAC,
    "bearer": frozenset({"header", "prefix"}),
    "none": frozenset(),
}


def _wire(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.title() for other in others)


def check_secret(kind: str, secret: str) -> None:
    """ValueError unless a hook of this kind may have this secret; it is not repeated."""
    if kind == "none":
        raise ValueError("a hook of kind none has no secret: whoever knows its address may call it")
    if kind != STANDARD.kind:
        return
    for start, sizes in ((SECRET, range(16, 65)), (PUBLIC_KEY, range(32, 33))):
        if secret.startswith(start):
            try:
                if len(base64.b64decode(secret.removeprefix(start), validate=True)) in sizes:
                    return
            except ValueError:
                pass
    raise ValueError(
        f"a secret of Standard Webhooks is {SECRET} and 16 to 64 bytes in base64, or {PUBLIC_KEY} and a public key; put {SECRET} before one "
        "that was given without it"
    )


class _Said(_Strict):
    """What a hook says, whether new or changed."""

    accepts: Accepts | None = None
    replay_by: ReplayBy | None = None
    replay_header: Header | None = None
    definition: DefinitionCode | Reference | None = None
    job_type: TypeCode | None = None
    event: Topic | None = None
    params: JsonObject | None = None
    mode: RunMode | None = None
    filter: Filter | None = None
    wait_s: Wait | None = None


class HookCreate(_Said):
    """A hook: its address starts a job of a ``definition`` or of a ``jobType``, or publishes an ``event`` of this topic.

    - ``secret``: by which calls are signed, or the token; one is made unless given
    - ``accepts``: what a body may be: ``json``, ``form``, ``text``, or as its Content-Type says (``auto``)
    - ``replayBy``: what tells a call that is sent again: its signed ``id``, its ``body``, the header ``replayHeader``, or nothing
      (``none``). Left out: the id of ``standard`` and ``stripe``, the header Idempotency-Key of ``bearer`` and ``none``, else the body
    - ``params``: templates that read ``hook``; they join the definition's. Left out, the body itself is what a job type or event gets
    - ``filter``: of ``hook`` (``{"body.action": "opened"}``); what does not pass is ignored
    - ``waitS``: how long the answer waits for the end of the job; 0 answers at once
    """

    name: Name
    enabled: bool = True
    verification: Verification
    secret: Secret | None = Field(default=None, repr=False)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        check_said(self.model_dump(by_alias=True, exclude_none=True))
        if self.secret is not None:
            check_secret(self.verification.kind, self.secret)
        return self


def check_said(said: dict[str, Any]) -> None:
    """ValueError unless the fields of a hook, as on the wire, fit each other."""
    targets = [name for name in TARGETS if said.get(name) is not None]
    if len(targets) != 1:
        raise ValueError("a hook starts one thing: name a definition, a jobType or an event")
    if said.get("mode") is not None and targets != ["definition"]:
        raise ValueError("mode is of definitions: leave it out")
    if said.get("waitS") and targets == ["event"]:
        raise ValueError("waitS waits for a job, and this hook publishes an event: leave it out")
    verification = said["verification"]
    if (said.get("replayBy") == "header") != (said.get("replayHeader") is not None):
        raise ValueError("replayHeader and replayBy header belong together")
    if said.get("replayBy") == "id":
        kind = verification["kind"]
        if kind not in {"standard", "stripe"} and "{id}" not in (verification.get("signed") or ""):
            raise ValueError(
                f"calls of kind {kind} have no signed id: leave replayBy out, or say body, header or none"
            )


class HookUpdate(_Said):
    """``PATCH /v1/hooks/{id}``: what is sent changes; null takes away what may be left out.

    The kind of its verification stays: make another hook instead. Another target takes the place of what was there.
    """

    name: Name | None = None
    enabled: bool | None = None
    verification: Verification | None = None


class HookRotate(_Strict):
    """``POST /v1/hooks/{id}/rotate``: a new secret, made unless given; the old one is valid for ``overlapS`` more. ``address``: also a new address, at once."""

    secret: Secret | None = Field(default=None, repr=False)
    overlap_s: Annotated[int, Field(ge=0, le=LONGEST_OVERLAP_S)] = 86_400
    address: bool = False


class HookTry(_Strict):
    """``POST /v1/hooks/{id}/try``: a call as it might come; nothing is kept, and no signature is needed.

    - ``body``: JSON; ``text`` in its place is what stands in the body, of this ``contentType``
    - ``deliveryId``: what came to the hook, in the place of all these
    - ``changes``: as if the hook had been changed so
    """

    body: Any = None
    text: str | None = Field(default=None, max_length=1024 * 1024)
    content_type: str | None = Field(default=None, max_length=128)
    headers: dict[str, str] = Field(default_factory=dict, max_length=100)
    query: dict[str, str] = Field(default_factory=dict, max_length=100)
    delivery_id: str | None = Field(default=None, max_length=80)
    changes: HookUpdate | None = None

    @model_validator(mode="after")
    def _one_call(self) -> Self:
        beside = self.model_fields_set & {"body", "text", "content_type", "headers", "query"}
        if self.delivery_id is not None and beside:
            raise ValueError(f"deliveryId brings a whole call: leave {_wire(min(beside))} out")
        return self


class Hook(WireModel):
    """A hook. ``path`` is its address on this server, ``url`` the whole of it, for those who may define hooks.

    ``oldSecretUntil`` is how long the secret before the newest is valid.
    """

    id: str
    name: str
    enabled: bool
    path: str | None = None
    url: str | None = None
    verification: JsonObject
    accepts: Accepts = "auto"
    replay_by: ReplayBy
    replay_header: str | None = None
    definition: str | None = None
    job_type: str | None = None
    event: str | None = None
    params: JsonObject | None = None
    mode: RunMode | None = None
    filter: JsonObject | None = None
    wait_s: int = 0
    old_secret_until: Time | None = None
    version: int
    created_at: Time
    created_by: str
    updated_at: Time
    updated_by: str


class CreatedHook(Hook):
    """A new hook, or one with a new secret: ``secret`` is shown this once."""

    secret: str | None = Field(default=None, repr=False)


class HookDelivery(WireModel):
    """What came to a hook, and what became of it: ``started`` a job, ``published`` an event, ``ignored`` by the filter, or ``failed``.

    Headers that may hold secrets read ``***``. ``body`` is the text as it came. ``problems`` say why it failed.
    """

    id: str
    hook_id: str
    at: Time
    status: str
    job_id: str | None = None
    replay_of: str | None = None
    size: int
    content_type: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    query: dict[str, str] = Field(default_factory=dict)
    body: str | None = None
    problems: list[JsonObject] = Field(default_factory=list)


class HookReceipt(WireModel):
    """What the sender of a call is told: ``duplicate`` where the same call came before; the outcome where the hook waits for it."""

    delivery_id: str
    status: str
    duplicate: bool = False
    job_id: str | None = None
    job_status: str | None = None
    result: str | None = None
    outcome: JsonObject | None = None


class HookTrial(WireModel):
    """What would become of a call: whether it is ``ignored``, the parameters that it gives, and what is wrong."""

    ignored: bool = False
    hook: JsonObject
    """What templates read."""
    params: JsonObject | None = None
    places: list[JsonObject] = Field(default_factory=list)
    problems: list[JsonObject] = Field(default_factory=list)
