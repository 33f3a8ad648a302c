import pytest

from listener_sdk.cli.reasons import NO_TLS, in_words, way_out


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("connect call failed ('127.0.0.1', 8420)", "connection refused"),
        (
            "Multiple exceptions: [Errno 111] Connect call failed ('::1', 9, 0, 0), [Errno 111]",
            "connection refused",
        ),
        ("[Errno -2] Name or service not known", "there is no host of this name"),
        ("[Errno 8] nodename nor servname provided, or not known", "there is no host of this name"),
        ("[ssl: wrong_version_number] wrong version number (_ssl.c:1006)", NO_TLS),
        ("[Errno 101] Network is unreachable", "the network does not lead there"),
        ("TimeoutError", "no answer in time"),
        ("timed out during opening handshake", "no answer in time"),
        ("no close frame received or sent", "the connection broke"),
        ("did not receive a valid HTTP response", "it does not answer as a web server does"),
        ("received 4004 (private use); then sent 4004 (private use)", "what its key may do was changed"),
        ("received 1012 (service restart); then sent 1012 (service restart)", "the server stops or restarts"),
        ("received 1001 (going away)", "the server has stopped"),
        ("received 4001 (slow_reader)", "The client read too slowly; resume from the last position"),
        ("received 4999 (what)", "it was closed with code 4999"),
        ("something that nobody has seen", "something that nobody has seen"),
    ],
)
def test_reasons_are_told_in_plain_words(reason, words):
    assert in_words(reason) == words


@pytest.mark.parametrize(
    ("url", "words", "way"),
    [
        (
            "http://localhost:8420",
            "connection refused",
            "Start the server with 'tickwire server', or set TICKWIRE_URL.",
        ),
        ("https://jobs.example", "connection refused", "Check TICKWIRE_URL (or --url) and the network."),
        ("https://localhost:8420", NO_TLS, "Write the address as http://localhost:8420."),
    ],
)
def test_the_way_out_suits_address_and_reason(url, words, way):
    assert way_out(url, words) == way
