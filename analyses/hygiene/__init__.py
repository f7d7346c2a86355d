"""How pages protect what passes to their visitors: the parts of the question ``hygiene``."""
