"""Due times at which nothing ran: their ids and their reasons."""

from server.core.missed import STILL_RUNNING, WHY, Missed, missed_id, read_missed_id, why

ONE = Missed(7, 1_767_225_600_000, 1, 3, 1_767_225_600_500, None, "skipped", STILL_RUNNING, 1, None)


def test_ids_of_due_times():
    assert missed_id(7, 33) == "us_slt_00000000070000000011"
    assert read_missed_id(missed_id(7, 1_767_225_600_000)) == (7, 1_767_225_600_000)
    for wrong in ("", "us_slt_", "us_slt_0000000007", "us_jb_00000000070000000007", missed_id(7, 7) + "0", "us_slt_000000000u0000000007"):  # fmt: skip
        assert read_missed_id(wrong) is None


def test_each_says_why():
    assert ONE.public_id == missed_id(7, ONE.due_at)
    assert ONE.message == WHY[STILL_RUNNING] == "A job of the definition had not ended."
    assert (
        ONE._replace(times=1_200).message == "A job of the definition had not ended. 1,200 due times in all."
    )
    assert ONE._replace(times=10_000).message.endswith(" At least 10,000 due times in all.")
    assert why(None) == "No job was made."
    assert why("queue_full") == "No job could be made: queue_full."
