"""What the application carries."""

from pathlib import Path

from listener_sdk.protocol.bulk import MOST_JOBS
from server.store.blobs import Blobs
from server.web.application import MOST_HOOK_BODIES, MOST_LARGE_BODIES, make_runner
from server.web.state import BLOBS, HOOK_BODIES, LARGE_BODIES, MANY_JOBS, NODE


async def test_handlers_find_the_node_and_the_files(server):
    blobs = Blobs(Path("unused"))
    app = make_runner(server.node, blobs).app
    assert app[NODE] is server.node
    assert app[BLOBS] is blobs
    assert app[LARGE_BODIES].most == MOST_LARGE_BODIES * server.settings.max_bulk_bytes
    assert app[HOOK_BODIES].most == MOST_HOOK_BODIES * server.settings.max_hook_bytes
    assert app[MANY_JOBS].most >= MOST_JOBS, "a whole call is never larger than what may be inside"
