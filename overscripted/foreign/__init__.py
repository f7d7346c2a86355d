"""Records of other tools as our raw records: what the importers and the OpenWPM engine share."""
