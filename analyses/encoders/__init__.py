"""One pool of hashes and encodings: where does a value occur in a text, plain or in any of them?

`pool.Pool` answers this for many values and many texts at once. It works in two directions. It encodes the
values in up to three layers (`patterns`), and it decodes the texts (`decoding`). A match names its chain of
layers, the innermost first: ``("sha256", "base64")`` is the base64 of the SHA-256; ``()`` is the plain value.
"""
