"""What runs when: three schedules of what set_up.py has defined, made with the key of an administrator.

python examples/timetable.py        the members of the space are told in their inboxes where the import fails or did not run;
                                    MAIL_TO=ada@example.com in the environment gets a mail as well, where the server sends mails

ZONE in the environment says by which clocks, else Europe/Paris. To run it again changes what is different.
"""

import asyncio
import os
from typing import Any, Final

from listener_sdk import Client

ZONE: Final = "Europe/Paris"
Facts = dict[str, Any]


def timetable(zone: str, rules: list[Facts]) -> dict[str, Facts]:
    """The schedules by the definitions that they run; ``rules`` say who is told of the import.

    The import is a fixed time of day, and on the night on which clocks leave it out it runs just after. Calls follow the minutes as they pass,
    and one that was missed is of no use later. The clean-up finds what no event has told of: events start the same definition.
    """
    return {
        "orders-import": {
            "name": "Orders, every night",
            "cron": "15 2 * * *",
            "time_zone": zone,
            "mode": "delta",
            "pause_after": 7,
            "notifications": rules,
        },
        "watch-webshop": {
            "name": "Web shop, every five minutes",
            "cron": "*/5 * * * *",
            "time_zone": zone,
            "late": "none",
            "params": {"searchParams": {"at": "{{ dueTime }}"}},
        },
        "remove-assets": {
            "name": "Clean-up, on Sundays",
            "cron": "45 1 * * 0",
            "time_zone": zone,
            "overlap": "queue_one",
        },
    }


def rules(members: list[str], address: str | None) -> list[Facts]:
    """Who is told of runs that failed, were complete only in part or did not happen, and of the first that is well again."""
    said: Facts = {"on": "failedAndPartial", "recovered": True, "missed": True, "channels": []}
    if members:
        said |= {"members": members, "channels": ["inbox"]}
    if address:
        said |= {"addresses": [address], "channels": [*said["channels"], "email"]}
    return [said] if said["channels"] else []


async def set_times(client: Client, zone: str = ZONE, address: str | None = None) -> list[str]:
    """Make what is missing, and change what is different; a line on each."""
    members = [member.id for member in (await client.members.list(active=True)).items]
    told = rules(members[:50], address)
    return [await keep(client, code, **fields) for code, fields in timetable(zone, told).items()]


async def keep(client: Client, code: str, **fields: Any) -> str:
    """A definition has one schedule of a name."""
    there = (await client.schedules.list(definition=code)).items
    before = next((one for one in there if one.name == fields["name"]), None)
    if before is None:
        made = await client.schedules.create(code, **fields)
        return f"{code}: {made.words}, {made.id}"
    after = await client.schedules.update(before.id, **fields)
    return f"{code}: {'as it was' if after.version == before.version else 'changed'}, {after.id}"


async def main() -> None:
    async with Client() as client:
        for line in await set_times(client, os.environ.get("ZONE", ZONE), os.environ.get("MAIL_TO")):
            print(line)


if __name__ == "__main__":
    asyncio.run(main())
