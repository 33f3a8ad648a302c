import subprocess
import sys

from listener_sdk.cli._server_command import PACKAGE_ROOT


def test_whom_commands_trust_is_read_with_the_first_call_by_tls():
    """In a process of its own, since aiohttp makes its contexts once."""
    code = """
import ssl
from listener_sdk.cli import main
main(["jobs", "--help"], standalone_mode=False)
from aiohttp.connector import _SSL_CONTEXT_VERIFIED as found
wanted = ssl.create_default_context()
assert type(wanted) is ssl.SSLContext, "what is made later is as ever"
assert type(found) is not ssl.SSLContext and not found.get_ca_certs()
for _ in range(2):
    found.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="example.com")
    assert type(found) is ssl.SSLContext
    assert found.cert_store_stats() == wanted.cert_store_stats()
assert found.verify_mode is ssl.CERT_REQUIRED and found.check_hostname
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=PACKAGE_ROOT, timeout=60)
