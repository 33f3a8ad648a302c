"""Bounds of what waits for a reader."""

import socket
from types import SimpleNamespace

import pytest

from server.settings import Settings
from server.web.buffers import bound_buffer, bounds_of, notice_silence


def test_bounds_are_the_settings(tmp_path):
    settings = Settings(data_dir=tmp_path)
    assert bounds_of(settings) == (
        settings.send_queue_frames,
        settings.send_queue_bytes,
        settings.slow_reader_s,
    )
    assert bounds_of(settings) is bounds_of(settings)


class Transport:
    """Of a connection with this socket."""

    def __init__(self, raw):
        self.raw = raw

    def get_extra_info(self, name):
        return {"socket": self.raw}[name]


def test_the_kernel_keeps_little_and_ends_what_is_silent():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as raw:
        request = SimpleNamespace(transport=Transport(raw))
        bound_buffer(request)
        notice_silence(request, 12.5)
        assert raw.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 2 * 256 * 1024
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            assert raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 12_500


@pytest.mark.parametrize("act", [bound_buffer, lambda request: notice_silence(request, 1)])
def test_who_has_left_already_is_no_error(act):
    assert act(SimpleNamespace(transport=None)) is None
