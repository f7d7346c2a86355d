"""Then and now: two groups of visits over the seeds that both have."""
