"""The words by which fields of forms are known, as parts of regular expressions. See `field_kinds`.

That a field is known by its type, its ``autocomplete`` and then by the words in its name, id,
placeholder and labels is the way of "Leaky Forms" (Senol and others, USENIX Security 2022) and of
Firefox's form autofill. The words are our own, in languages of many pages: English, German, French,
Spanish, Portuguese, Italian, Dutch, Polish, Russian, Turkish, Swedish, Danish, Czech, Japanese, Chinese
and Korean; without accents, in lower case.
"""

# Words of the HTML standard for `autocomplete`: of fields for us, and of others.
AUTOCOMPLETE = {
    "email": "email",
    "name": "name",
    "given-name": "name",
    "additional-name": "name",
    "family-name": "name",
    "cc-name": "name",
    "cc-given-name": "name",
    "cc-family-name": "name",
    "tel": "phone",
    "tel-national": "phone",
    "current-password": "password",
    "new-password": "password",
    "cc-number": "card",
}
OTHER_HINTS = set(
    "one-time-code cc-csc cc-exp cc-exp-month cc-exp-year cc-type organization organization-title "
    "street-address address-line1 address-line2 "
    "address-line3 address-level1 address-level2 address-level3 address-level4 "
    "country country-name postal-code bday bday-day bday-month bday-year sex url photo impp nickname "
    "language tel-country-code tel-area-code tel-local tel-extension "
    "transaction-amount transaction-currency".split()
)

# Words of fields that are not for us, even where they also have a word of the lists below.
OTHER = (
    r"coupon|voucher|promo\w*|discount|gift ?card|gutschein\w*|rabatt\w*|cupon|cupom|kupon\w*|buono|"
    r"bon de reduction|code promo\w*|captcha|otp|one ?time|verification|verify code|security code|"
    r"sms code|pin|cvv2?|cvc2?|csc|"
    r"expir\w*|ablauf\w*|caducidad|validade|scadenza|zip|zip ?code|postal\w*|post ?code|plz|code postal|cap|"
    r"address ?(?:line)?s? ?[0-9]|street\w*|strasse|city|stadt|ville|ciudad|company|firma|empresa|societe|"
    r"amount|betrag|quantity|menge|date|datum|birth\w*|age|url|website|iban|account number|user ?name|"
    r"benutzername|login ?name|nick ?name|file ?name|domain|product name|invoice|tracking|промокод|купон|"
    r"验证码|优惠|郵便番号|クーポン|認証|인증|쿠폰"
)
# In this order: the first kind whose words a text has. "E-mail or phone" is an e-mail address.
WORDS = {
    "email": r"e ?mails?|e ?mail ?address|mail ?adres\w*|courriel|correo|e ?posta|epost\w*|пошт\w*|почт\w*|"
    r"email\w*|мейл|メール\w*|電子邮件|电子邮件|邮箱|電子郵件|信箱|이메일",
    "card": r"card ?(?:number|no|num|nr)|cc ?(?:number|num|no|nr)|credit ?card|kreditkarte\w*|karten ?nummer|"
    r"numero de (?:la )?(?:carte|tarjeta|cartao)|numero (?:carta|tarjeta|carte)|kaart ?nummer|numer karty|"
    r"номер карты|kart numarasi|kortnum\w*|カード番号|卡号|卡號|카드 ?번호",
    "phone": r"phones?|phone ?(?:number|no|nr)|telephone|tel|telefon\w*|telefoon\w*|mobile|mobil\w*|handy\w*|"
    r"cell ?(?:phone)?|portable|celular|movil|cellulare|whatsapp|телефон\w*|cep ?telefon\w*|電話番号|電話|"
    r"电话|手机\w*|手機\w*|전화\w*|휴대폰\w*",
    "search": r"search\w*|suche?n?|such ?begriff|recherche\w*|rechercher|busca\w*|buscador|pesquis\w*|cerca|"
    r"ricerca|zoek\w*|szukaj|wyszukiw\w*|поиск|искать|ara|arama|sok|sog|hledat|検索|搜索|搜尋|검색",
    "password": r"passwords?|pass ?wd|pwd|passwort|kennwort|mot de passe|contrasena|senha|wachtwoord|haslo|"
    r"пароль|sifre|losenord|adgangskode|heslo|パスワード|密码|密碼|비밀번호",
    "name": r"(?:first|last|full|given|family|middle|your|sur|fore|contact|customer|[fl])? ?name|fullname|"
    r"firstname|lastname|vorname|nachname|familienname|prenom|nom|nom de famille|nombre|apellidos?|nome|"
    r"sobrenome|cognome|voornaam|achternaam|naam|imie|nazwisko|имя|фамилия|soyad|isim|fornamn|efternamn|"
    r"namn|fornavn|efternavn|navn|jmeno|prijmeni|氏名|お名前|名前|姓名|姓|名|이름|성명",
}
