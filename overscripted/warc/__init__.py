"""Archives of the web: WARC files (ISO 28500) and WACZ files, ours and those of other tools.

`sources` finds the WARC files of an archive, `reading` yields their records, `writing` makes records.
Archives are hostile: each limit is named where it is applied, and a damaged record costs one record.
"""
