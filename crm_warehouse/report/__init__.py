"""What a finished build tells the person in front of it."""
