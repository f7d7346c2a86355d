"""The demo's sites by theme. Each module adds hosts and documents, with their truth, to the world."""
