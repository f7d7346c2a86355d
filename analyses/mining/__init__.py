"""Mining by what pages do: modules that hash, workers for each core, exchanges with pools, CPU time."""
