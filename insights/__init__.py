"""History and charts: data quality, wash runs, guest value, results."""
