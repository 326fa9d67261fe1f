"""Real hardware: what noise, spread and electronics make of the networks, and what they cost."""
