"""A stand-in for OpenWPM 0.35: the interfaces that our driver uses, without browsers.

Written after the signatures of OpenWPM's own classes. What a page does is told by its URL, see `pages`.
"""
