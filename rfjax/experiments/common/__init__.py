"""What all experiments share: results, their folders, statistics, agreement."""
