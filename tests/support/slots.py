"""Rows of table ``slot`` as tests write them: due times and what became of them."""

COLUMNS = ("schedule_id", "due_at", "space_id", "definition_id", "at", "job_id", "result", "reason", "count")
