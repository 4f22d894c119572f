"""What a build tells people: the report and dbt's documentation of each version, and the last lines in the terminal."""
