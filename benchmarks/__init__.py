"""What rfjax costs, beside what the same work costs elsewhere."""
