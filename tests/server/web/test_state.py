"""What the application carries."""

from pathlib import Path

from server.store.blobs import Blobs
from server.web.application import make_runner
from server.web.state import BLOBS, NODE


async def test_handlers_find_the_node_and_the_files(server):
    blobs = Blobs(Path("unused"))
    app = make_runner(server.node, blobs).app
    assert app[NODE] is server.node
    assert app[BLOBS] is blobs
