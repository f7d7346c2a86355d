"""The values that visits type into forms: always the same of one visit, and of no other."""

import re

from overscripted import tokens


def luhn(number: str) -> bool:
    digits = [int(digit) for digit in reversed(number)]
    return sum(digits[::2] + [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]) % 10 == 0


def test_the_values_of_a_visit_are_those_of_older_runs() -> None:
    assert tokens.values(1, 2) == {
        "email": "sdpfhhnbllfnfs@example.com",
        "name": "Ntfnkzlfkc",
        "phone": "4195550143",
        "password": "Zbpnvkpflc7!",
        "card": "2223003122003222",
        "search": "zkkbfklfrc",
    }
    assert tuple(tokens.values(1, 2)) == tokens.KINDS


def test_values_of_many_visits_differ_and_have_their_forms() -> None:
    made = [tokens.values(7, visit) for visit in range(2000)]
    for kind in ("email", "name", "password", "search"):
        assert len({values[kind] for values in made}) == 2000
    for values in made:
        assert re.fullmatch(r"[a-z]{14}@example\.com", values["email"])
        assert re.fullmatch(r"[2-7]\d\d55501\d\d", values["phone"])
        assert re.fullmatch(r"[A-Z][a-z]{9}7!", values["password"])
        assert luhn(values["card"])
    assert tokens.values(8, 0) != made[0]
