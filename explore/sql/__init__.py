"""The SQL box: one query on the tables of one run, in a process that can reach nothing else."""
