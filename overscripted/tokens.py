"""The values that a visit types into forms: unique to the visit, and known from the ids of its records.

The crawl types them (`crawl --do forms`). An analysis derives the very same values from the columns
``crawl_id`` and ``visit_id`` of any table, and looks for them in what the page sends. This module is the one
place where they are made; a change of it changes what analyses of older runs look for.

The contract, for each kind of field in `KINDS`:

- ``letters(n)`` are the first ``n`` digits of the SHA-256 of the text ``overscripted form KIND CRAWL_ID
  VISIT_ID``, in hexadecimal, each replaced by the letter at its place in `ALPHABET`: four bits a letter.
- ``email``: ``letters(14)@example.com``, all lower case.
- ``name``: ``letters(10)``, the first one as a capital. One word, for first, last and full names.
- ``password``: ``letters(10)``, the first one as a capital, then ``7!``: twelve characters with upper case,
  lower case, a digit and a sign, as common rules ask.
- ``search``: ``letters(10)``, all lower case.
- ``number`` is the number of the first 8 hexadecimal digits of that SHA-256. Places in lists are counted
  modulo the length of the list.
- ``phone``: ten digits: the area code of `AREA_CODES` at ``number // 100``, then ``55501``, then ``number``
  modulo 100 in two digits.
- ``card``: the one of `CARDS` at ``number``.

So email, name, password and search differ in any two visits (40 bits or more), and from each other. Phone and
card do not: their numbers must belong to nobody, and there are few of those. Look for them in what the same
visit sends only.

Nobody gets what is sent to these values. ``example.com`` is reserved for examples by RFC 2606, says by a
null MX record that it takes no mail, and can never be registered. A name under ``.test`` or ``.invalid``
is as safe, but forms that know the list of top-level domains refuse it, and say so before any script has
read the field; few forms know ``example.com``. Numbers 555-0100 to 555-0199 of each area code are kept
for fiction by the North American Numbering Plan. The cards are test numbers that payment companies
publish (Stripe, Adyen): they pass Luhn's check, and no bank has given them out.
"""

import hashlib

ALPHABET = "bcdfghklmnprstvz"
KINDS = ("email", "name", "phone", "password", "card", "search")
AREA_CODES = (
    "202 206 212 213 214 215 216 301 302 303 304 305 312 313 314 315 316 401 402 404 405 406 410 412 413 415 "
    "416 419 501 502 503 504 505 508 509 510 512 513 515 518 602 603 604 605 606 607 608 609 612 614 615 616 "
    "617 619 701 702 703 704 706 707 708 712 713 714 715 716"
).split()
CARDS = (
    "4242424242424242",
    "4000056655665556",
    "4111111111111111",
    "5555555555554444",
    "5200828282828210",
    "5105105105105100",
    "2223003122003222",
    "6011111111111117",
)


def values(crawl_id: int, visit_id: int) -> dict[str, str]:
    """What a visit types into fields, by the kind of the field."""
    name, password = (_letters(kind, crawl_id, visit_id, 10).capitalize() for kind in ("name", "password"))
    phone, card = (_number(kind, crawl_id, visit_id) for kind in ("phone", "card"))
    area, line = AREA_CODES[phone // 100 % len(AREA_CODES)], phone % 100
    return {
        "email": f"{_letters('email', crawl_id, visit_id, 14)}@example.com",
        "name": name,
        "phone": f"{area}55501{line:02}",
        "password": f"{password}7!",
        "card": CARDS[card % len(CARDS)],
        "search": _letters("search", crawl_id, visit_id, 10),
    }


def _digest(kind: str, crawl_id: int, visit_id: int) -> str:
    return hashlib.sha256(f"overscripted form {kind} {crawl_id} {visit_id}".encode()).hexdigest()


def _letters(kind: str, crawl_id: int, visit_id: int, n: int) -> str:
    return "".join(ALPHABET[int(digit, 16)] for digit in _digest(kind, crawl_id, visit_id)[:n])


def _number(kind: str, crawl_id: int, visit_id: int) -> int:
    return int(_digest(kind, crawl_id, visit_id)[:8], 16)
