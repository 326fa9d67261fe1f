"""What is mathematics and not physics: series, solves, parts of a batch, which arrays train."""
