"""``overscripted find``: where in a run a value occurs, plain, hashed or encoded."""
