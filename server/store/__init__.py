"""The truth: the database seam, SQL once per concept, the group-committing writer."""
