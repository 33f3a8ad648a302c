"""Facts become log lines here, and nowhere else."""
