"""What fields are for, in several languages, with near misses."""

import pytest

from overscripted import tokens
from overscripted.crawl.behaviours.field_kinds import Field, kind_of, normal


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (Field(autocomplete="section-a shipping email"), ("email", "autocomplete")),
        (Field(autocomplete="cc-number", type="tel"), ("card", "autocomplete")),
        (Field(autocomplete="new-password", type="password"), ("password", "autocomplete")),
        (Field(autocomplete="one-time-code", type="tel"), ("", "")),
        (Field(autocomplete="cc-csc", type="password"), ("", "")),
        (Field(autocomplete="nope", type="email"), ("email", "type")),
        (Field(type="tel"), ("phone", "type")),
        (Field(type="tel", name="zip"), ("", "")),
        (Field(type="tel", label="Card number"), ("card", "words")),
        (Field(type="password", name="cvv"), ("", "")),
        (Field(type="number", name="name"), ("", "")),
        (Field(type="search", id="x"), ("search", "type")),
        (Field(name="q"), ("search", "type")),
        (Field(role="searchbox"), ("search", "type")),
        (Field(name="billing_firstName"), ("name", "words")),
        (Field(id="ccNumber"), ("card", "words")),
        (Field(label="Email or phone"), ("email", "words")),
        (Field(placeholder="Coupon code"), ("", "")),
        (Field(name="username"), ("", "")),
        (Field(name="filename"), ("", "")),
        (Field(label="Company name"), ("", "")),
        (Field(name="field_7"), ("", "")),
        (Field(label="E-Mail-Adresse"), ("email", "words")),
        (Field(label="Prénom"), ("name", "words")),
        (Field(label="Número de tarjeta"), ("card", "words")),
        (Field(label="Contraseña"), ("password", "words")),
        (Field(label="Imię"), ("name", "words")),
        (Field(label="Søg"), ("search", "words")),
        (Field(label="Номер телефона"), ("phone", "words")),
        (Field(label="Электронная почта"), ("email", "words")),
        (Field(placeholder="メールアドレス"), ("email", "words")),
        (Field(placeholder="请输入手机号"), ("phone", "words")),
        (Field(placeholder="验证码"), ("", "")),
        (Field(label="전화번호"), ("phone", "words")),
    ],
)
def test_the_kind_of_a_field_and_what_says_so(field: Field, expected: tuple[str, str]) -> None:
    assert kind_of(field) == expected
    assert expected[0] in ("", *tokens.KINDS)


def test_names_are_taken_apart_into_words() -> None:
    assert normal("billingE-Mail_Address1") == "billing e mail address 1"
    assert normal("  Straße\nŁódź ") == "strasse lodz"
