"""What is said of an error beside its message: where it came from, its usual cause, the variables there."""
