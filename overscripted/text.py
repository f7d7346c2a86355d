"""What becomes of text that cannot be stored: decided once, at the door."""


def clean(text: str) -> str:
    """Any JavaScript string as valid Unicode.

    Surrogate pairs are joined, each lone surrogate becomes U+FFFD (as the URL and Encoding
    standards do). NUL and every other character stay as they are.
    """
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
