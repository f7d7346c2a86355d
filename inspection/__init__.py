"""One URL: visit it, and say in sentences what it does to its visitor."""
