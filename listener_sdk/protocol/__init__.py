"""The shared vocabulary of server and clients: models and pure rules, without I/O and without a clock."""
