"""Whether people can be told of runs, on the command line."""

import json

SET_UP = {"configured": True, "server": "smtp://mail.example:587", "sender": "jobs@example.com"}


def test_it_is_said_whether_mails_are_sent(api, tickwire):
    assert "email: not set up\n" in tickwire("notifications").stdout
    api.inbox.mail = {"configured": False, "problem": "TICKWIRE_SMTP_FROM is not set."}
    assert "email: not set up: TICKWIRE_SMTP_FROM is not set.\n" in tickwire("notifications").stdout
    api.inbox.mail = SET_UP
    shown = tickwire("notifications", "list").stdout
    assert "email: by smtp://mail.example:587, from jobs@example.com, without links" in shown
    assert "tickwire notifications test" in shown
    api.inbox.mail = SET_UP | {"publicUrl": "https://jobs.example.com"}
    assert "email: by smtp://mail.example:587, from jobs@example.com\n" in tickwire("notifications").stdout
    assert json.loads(tickwire("notifications", "--json").stdout)["configured"] is True


def test_a_mail_is_sent_or_it_is_said_why_not(api, tickwire):
    assert (
        tickwire("notifications", "test", "ada@example.com").stdout
        == "The mail server has taken a mail to ada@example.com.\n"
    )
    assert json.loads(tickwire("notifications", "test", "b@example.com", "--json").stdout)["delivered"]
    assert api.inbox.tested == ["ada@example.com", "b@example.com"]
    api.inbox.problem = "The mail server answers 550: No such user"
    refused = tickwire("notifications", "test", "ada@example.com")
    assert refused.exit_code != 0
    assert "The mail server answers 550: No such user" in refused.stderr
    wrong = tickwire("notifications", "test", "ada")
    assert "one address such as" in wrong.stderr
