"""``client.actions``: buttons that make jobs, and the pressing of them."""

from typing import Any, Final
from urllib.parse import quote

from ._channel import plain_input
from ._given import body, body_text, changes_text, check_names, names_of
from ._http import Http
from .protocol.actions import Action, ActionCreate, ActionExecute, ActionUpdate
from .protocol.jobs import Job

FILTERS: Final = ("target_id", "domain", "operation")
MARK: Final = "targetId"
"""By which an action is known: Flatfile's clients expect it alone, without ``data`` around it."""

# Inside the class the word list is a method.
ActionList = list[Action]


class Actions:
    """Calls of ``/v1/actions``. Making and changing takes a developer's or administrator's key, pressing any that may run jobs."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def create(
        self, label: str, operation: str, *, target_id: str | None = None, **fields: Any
    ) -> Action:
        """Make an action: a button, and the form that is filled in after a click.

        - ``label``: what stands on the button
        - ``operation``: of the jobs that it makes, such as ``export``
        - ``target_id``: the id of what it stands on; else the space
        - ``fields``: more of the action, as in `ActionCreate`: ``mount={"type": "workbook"}`` says of which type the jobs are, where
          that does not show in the target's id, ``input_form={"fields": [...]}`` what is asked, ``mode``, ``confirm``, ``primary`` ...
        """
        check_names("create", fields, names_of(ActionCreate, "label", "operation", "target_id"))
        sent = body_text(
            ActionCreate, {**fields, "label": label, "operation": operation, "target_id": target_id}
        )
        return await self._one("POST", "", sent)

    async def list(self, **filters: Any) -> ActionList:
        """All actions of the space, oldest first.

        - ``filters``: ``target_id``, ``domain``, ``operation``
        """
        check_names("list", filters, FILTERS)
        answer = await self._http.call("GET", "/v1/actions", query=filters, mark=MARK)
        return [Action.model_validate(one) for one in answer]

    async def get(self, action_id: str) -> Action:
        """One action; ApiError ``not_found`` when there is none."""
        return await self._one("GET", _path(action_id))

    async def update(self, action_id: str, **changes: Any) -> Action:
        """Change an action; what is not named stays, None takes a field away.

        - ``changes``: fields as in `ActionCreate`
        """
        return await self._one("PATCH", _path(action_id), changes_text(ActionUpdate, changes))

    async def delete(self, action_id: str) -> None:
        """Remove an action; jobs that it has made go on."""
        await self._http.call("DELETE", f"/v1/actions{_path(action_id)}")

    async def execute(
        self,
        action_id: str,
        input: Any = None,  # noqa: A002 - the wire's word
        *,
        idempotency_key: str | None = None,
        **fields: Any,
    ) -> Job:
        """Press the button: the job that it makes, ready at once.

        - ``input``: the answers to its form, a dict or a pydantic model; what is left out gets the form's defaults
        - ``idempotency_key``: with one the call can be repeated safely for a day
        - ``fields``: ``subject``, ``source``, ``file_id``, ``confirm=True`` once a person has agreed to an action that asks for it,
          ``priority``, ``metadata``, ``tags``

        ApiError whose ``errors`` name every field that does not fit.
        """
        check_names("execute", fields, names_of(ActionExecute, "input"))
        made = body(ActionExecute, {**fields, "input": plain_input(input)})
        return await self._http.record(
            Job,
            "POST",
            f"/v1/actions{_path(action_id)}/execute",
            made.model_dump_json(exclude_none=True, exclude_unset=True).encode(),
            idempotency_key=idempotency_key,
        )

    async def _one(self, method: str, path: str, sent: bytes | None = None) -> Action:
        answer = await self._http.call(method, f"/v1/actions{path}", sent, mark=MARK)
        return Action.model_validate(answer)


def _path(action_id: str) -> str:
    return f"/{quote(action_id, safe='')}"
