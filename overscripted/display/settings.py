"""Settings of what is shown: caps, each with its reason."""

TEXT_SHOWN = 120  # characters of a page's text (URLs) shown; pages write megabytes into them
LABEL_SHOWN = 34  # characters of a plot's label
