"""Members who are named by their ids, or by e-mail."""

from listener_sdk.protocol.codes import Refusal

from ..core.actors import Actor
from ..core.members import email_key
from ..core.refusals import missing
from ..core.roles import may
from ..store import members
from ..store.database import Reader


def member_id(reader: Reader, actor: Actor, name: str, key: str) -> str:
    """The id of the member with this e-mail; what is no e-mail stays as it is. Refusal ``not_found``.

    Administrators alone see e-mails: to others, who may name their own, this tells of none. Refusal ``forbidden``.
    """
    if "@" not in name:
        return name
    found = members.by_email(reader, actor.space.id, email_key(name))
    if found is not None and (may(actor.role, "administer") or found.public_id == actor.key_id):
        return found.public_id
    if may(actor.role, "administer"):
        raise missing("member with the e-mail", name[:254], key)
    raise Refusal(
        "forbidden",
        f"{key}: administrators may name members by e-mail: write the id, such as us_mem_0000000001.",
        key=key,
    )
