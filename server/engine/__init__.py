"""What lives in memory on one node: the log's tail, sessions, ticks and the loops."""
