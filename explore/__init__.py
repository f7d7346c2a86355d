"""tables, findings → explorer: a local web application on runs, and its pages as files to publish."""
