"""What every other room stands on: errors, workspace, hardware, workers, graphs as arrays."""
