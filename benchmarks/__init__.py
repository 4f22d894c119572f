"""Measured, not asserted: speed, memory and accuracy, with machine and versions beside every figure."""
