"""What OpenWPM's own Python runs. These files need nothing but the standard library and OpenWPM itself.

Their names are long because they stand on the module path beside OpenWPM's and the user's own modules.
"""
