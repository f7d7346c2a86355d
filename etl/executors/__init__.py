"""Ways to make batches, each behind `Executor`: in this process, in several, in Spark's workers."""
