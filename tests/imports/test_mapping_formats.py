"""Every known format by the headers its files really have, and what its rows become."""

import csv
import datetime as dt
import io
from typing import Any, NamedTuple

import pytest

from imports.mapping import Context, Interpreted, Suggestion, formats, interpret, lay, suggest
from imports.readers import Batch

CONTEXT = Context(country="NO", language="nb", today=dt.date(2026, 6, 1), home_currency="NOK", property="Fjordstuen")

GOOGLE = (
    "First Name,Middle Name,Last Name,Phonetic First Name,Phonetic Middle Name,Phonetic Last Name,Name Prefix,"
    "Name Suffix,Nickname,File As,Organization Name,Organization Title,Organization Department,Birthday,Notes,Photo,"
    "Labels,E-mail 1 - Label,E-mail 1 - Value,E-mail 2 - Label,E-mail 2 - Value,Phone 1 - Label,Phone 1 - Value,"
    "Address 1 - Label,Address 1 - Formatted,Address 1 - Street,Address 1 - City,Address 1 - PO Box,"
    "Address 1 - Region,Address 1 - Postal Code,Address 1 - Country,Address 1 - Extended Address"
)
GOOGLE_OLD = (
    "Name,Given Name,Additional Name,Family Name,Yomi Name,Given Name Yomi,Additional Name Yomi,Family Name Yomi,"
    "Name Prefix,Name Suffix,Initials,Nickname,Short Name,Maiden Name,Birthday,Gender,Location,Billing Information,"
    "Directory Server,Mileage,Occupation,Hobby,Sensitivity,Priority,Subject,Notes,Language,Photo,Group Membership,"
    "E-mail 1 - Type,E-mail 1 - Value,Phone 1 - Type,Phone 1 - Value"
)
OUTLOOK = (
    "First Name,Middle Name,Last Name,Title,Suffix,Initials,Web Page,Gender,Birthday,Anniversary,Location,Language,"
    "Internet Free Busy,Notes,E-mail Address,E-mail 2 Address,E-mail 3 Address,Primary Phone,Home Phone,Home Phone 2,"
    "Mobile Phone,Pager,Home Fax,Home Address,Home Street,Home Street 2,Home Street 3,Home Address PO Box,Home City,"
    "Home State,Home Postal Code,Home Country,Spouse,Children,Manager's Name,Company,Job Title,Department,Categories"
)
MAILCHIMP = (
    "Email Address,First Name,Last Name,Address,Phone Number,Birthday,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,"
    "CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS"
)
MAILCHIMP_GONE = MAILCHIMP.replace(
    "LEID", "UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER,LEID"
)
MAILCHIMP_CLEANED = MAILCHIMP.replace("LEID", "CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID,LEID")
HUBSPOT = (
    "Record ID,First Name,Last Name,Email,Phone Number,Lead Status,Create Date,Associated Company,Country/Region,"
    "Contact owner"
)
HOTELMEISTER = (
    "ID,guestProfileId,company,profession,title,firstName,lastName,gender,nationality,language,birthDate,comment,"
    "street,city,zipCode,countryCode,email,phone,mobile,fax,newsletter,categories,relationships"
)
NORWEGIAN = (
    "Navn,E-post,Mobil,Adresse,Postnummer,Poststed,Fødselsdato,Kjønn,Telefon (privat),Telefon (jobb),Kontaktperson,"
    "Nettsted"
)


class Known(NamedTuple):
    """A file of a format: its key, header, one row, and what of the guest it becomes."""

    key: str
    header: str
    row: dict[str, str]
    guest: dict[str, Any]
    contacts: list[str] = []
    tags: list[str] = []


FILES = [
    Known(
        "google_contacts",
        GOOGLE,
        {
            "First Name": "Kari", "Middle Name": "Anne", "Last Name": "Berg", "Organization Name": "Fjord AS",
            "Birthday": "1962-05-17", "Notes": "Quiet room", "Labels": "Friends ::: * myContacts",
            "E-mail 1 - Label": "* Work", "E-mail 1 - Value": "kari@berg.no ::: k@berg.no",
            "E-mail 2 - Value": "kari@fjord.no", "Phone 1 - Value": "22 33 44 55 ::: +4741234567",
            "Address 1 - Street": "Storgata 1", "Address 1 - City": "Oslo", "Address 1 - Postal Code": "0155",
            "Address 1 - Country": "Norway",
        },
        {
            "given_name": "Kari Anne", "family_name": "Berg", "company_name": "Fjord AS",
            "birth_date": dt.date(1962, 5, 17), "note": "Quiet room", "street": "Storgata 1", "city": "Oslo",
            "postal_code": "0155", "country": "NO",
        },
        ["kari@berg.no", "k@berg.no", "kari@fjord.no", "+4722334455", "+4741234567"],
        ["Friends"],
    ),
    Known(
        "google_contacts_old",
        GOOGLE_OLD,
        {
            "Name": "Kari Anne Berg", "Given Name": "Kari", "Additional Name": "Anne", "Family Name": "Berg",
            "Group Membership": "* myContacts ::: Regulars", "E-mail 1 - Type": "*", "E-mail 1 - Value": "kari@berg.no",
            "Phone 1 - Value": "22334455", "Language": "nb",
        },
        {"given_name": "Kari Anne", "family_name": "Berg", "language": "nb"},
        ["kari@berg.no", "+4722334455"],
        ["Regulars"],
    ),
    Known(
        "outlook",
        OUTLOOK,
        {
            "First Name": "Kari", "Last Name": "Berg", "Birthday": "5/17/1962", "E-mail Address": "kari@berg.no",
            "E-mail 2 Address": "kari@fjord.no", "Mobile Phone": "41234567", "Home Phone": "22334455",
            "Home Street": "Storgata 1", "Home Street 2": "Apartment 4", "Home City": "Oslo",
            "Home Postal Code": "0155", "Home Country": "Norway", "Categories": "VIP;Jazz", "Company": "Fjord AS",
        },
        {
            "given_name": "Kari", "family_name": "Berg", "birth_date": dt.date(1962, 5, 17),
            "street": "Storgata 1, Apartment 4", "postal_code": "0155", "country": "NO", "company_name": "Fjord AS",
        },
        ["kari@berg.no", "kari@fjord.no", "+4741234567", "+4722334455"],
        ["VIP", "Jazz"],
    ),
    Known(
        "outlook",
        "Tittel,Fornavn,Mellomnavn,Etternavn,Suffiks,Firma,Avdeling,Stilling,\"Adresse, priv.: Gate/vei\","
        "\"Adresse, priv.: Poststed\",\"Adresse, priv.: Postnummer\",\"Telefon, arb.\",\"Telefon, priv.\","
        "Mobiltelefon,E-postadresse,E-posttype,E-postadresse 2,Fødselsdag,Kategorier,Notater,Språk",
        {
            "Fornavn": "Kari", "Etternavn": "Berg", "Adresse, priv.: Gate/vei": "Storgata 1",
            "Adresse, priv.: Poststed": "Oslo", "Adresse, priv.: Postnummer": "0155", "Mobiltelefon": "41234567",
            "E-postadresse": "kari@berg.no", "Fødselsdag": "17.05.1962", "Kategorier": "VIP",
        },
        {"given_name": "Kari", "street": "Storgata 1", "city": "Oslo", "birth_date": dt.date(1962, 5, 17)},
        ["kari@berg.no", "+4741234567"],
        ["VIP"],
    ),
    Known(
        "outlook",
        "Titel,Fornavn,Mellemnavn,Efternavn,Firma,Gade (privat),By (privat),Postnummer (privat),Land/område (privat),"
        "Telefon (arbejde),Telefon (privat),Mobiltelefon,E-mail-adresse,E-mail-type,E-mail 2-adresse,Fødselsdag",
        {
            "Fornavn": "Kari", "Efternavn": "Berg", "Gade (privat)": "Strandvej 2", "By (privat)": "Aarhus",
            "Postnummer (privat)": "8000", "Land/område (privat)": "Danmark", "Mobiltelefon": "+4520123456",
            "E-mail-adresse": "kari@berg.dk", "Fødselsdag": "17-05-1962",
        },
        {"street": "Strandvej 2", "city": "Aarhus", "country": "DK", "birth_date": dt.date(1962, 5, 17)},
        ["kari@berg.dk", "+4520123456"],
    ),
    Known(
        "outlook",
        "Titel,Voornaam,Middelste naam,Achternaam,Bedrijf,\"Huisadres, straat\",\"Huisadres, plaats\","
        "\"Huisadres, postcode\",Land/regio (thuis),Telefoon op werk,Telefoon thuis,Mobiele telefoon,E-mailadres,"
        "E-mailadres 2,Verjaardag",
        {
            "Voornaam": "Jan", "Achternaam": "de Vries", "Huisadres, straat": "Damrak 1",
            "Huisadres, plaats": "Amsterdam", "Huisadres, postcode": "1012 LG", "Land/regio (thuis)": "Nederland",
            "Mobiele telefoon": "+31612873465", "E-mailadres": "jan@devries.nl", "Verjaardag": "17-5-1962",
        },
        {"family_name": "de Vries", "street": "Damrak 1", "postal_code": "1012 LG", "country": "NL"},
        ["jan@devries.nl", "+31612873465"],
    ),
    Known(
        "outlook",
        "Titel,Förnamn,Efternamn,Företag,\"Gatuadress, hem\",Hemort,\"Postnr, hem\",\"Land, hem\",Hem,Mobiltelefon,"
        "E-postadress,E-postadress 2,Födelsedag",
        {
            "Förnamn": "Åsa", "Efternamn": "Ek", "Gatuadress, hem": "Kungsgatan 1", "Hemort": "Malmö",
            "Postnr, hem": "211 22", "Land, hem": "Sverige", "Mobiltelefon": "+46701234567",
            "E-postadress": "asa@ek.se", "Födelsedag": "1962-05-17",
        },
        {"street": "Kungsgatan 1", "city": "Malmö", "country": "SE", "birth_date": dt.date(1962, 5, 17)},
        ["asa@ek.se", "+46701234567"],
    ),
    Known(
        "outlook",
        "Anrede,Vorname,Weitere Vornamen,Nachname,Firma,Straße privat,Ort privat,Postleitzahl privat,"
        "Land/Region privat,Telefon privat,Telefon geschäftlich,Mobiltelefon,E-Mail-Adresse,E-Mail-Typ,"
        "E-Mail 2: Adresse,Geburtstag",
        {
            "Vorname": "Jörg", "Nachname": "Weiß", "Straße privat": "Hauptstraße 1", "Ort privat": "Kiel",
            "Postleitzahl privat": "24103", "Land/Region privat": "Deutschland", "Mobiltelefon": "+4915112873465",
            "E-Mail-Adresse": "joerg@weiss.de", "E-Mail 2: Adresse": "j@weiss.de", "Geburtstag": "17.05.1962",
        },
        {"given_name": "Jörg", "city": "Kiel", "country": "DE", "birth_date": dt.date(1962, 5, 17)},
        ["joerg@weiss.de", "j@weiss.de", "+4915112873465"],
    ),
    Known(
        "mailchimp_subscribed",
        MAILCHIMP,
        {
            "Email Address": "kari@berg.no", "First Name": "Kari", "Last Name": "Berg", "CC": "NO",
            "OPTIN_TIME": "2024-03-01 09:00:00", "CONFIRM_TIME": "2024-03-01 09:05:00", "EUID": "a1b2c3",
            "LAST_CHANGED": "2025-02-03 10:00:00", "TAGS": '"VIP","Wine, red"',
        },
        {"number": "a1b2c3", "country": "NO", "changed_at": dt.datetime(2025, 2, 3, 10, tzinfo=dt.UTC)},
        ["kari@berg.no"],
        ["VIP", "Wine, red"],
    ),
    Known(
        "mailchimp_unsubscribed",
        MAILCHIMP_GONE,
        {"Email Address": "kari@berg.no", "UNSUB_TIME": "2024-03-01 09:00:00", "EUID": "a1b2c3"},
        {"number": "a1b2c3"},
        ["kari@berg.no"],
    ),
    Known(
        "mailchimp_cleaned",
        MAILCHIMP_CLEANED,
        {"Email Address": "kari@berg.no", "CLEAN_TIME": "2024-03-01 09:00:00"},
        {},
        ["kari@berg.no"],
    ),
    Known(
        "hubspot",
        HUBSPOT,
        {
            "Record ID": "901", "First Name": "Kari", "Last Name": "Berg", "Email": "kari@berg.no",
            "Phone Number": "+47 22 33 44 55", "Create Date": "2021-04-05 11:12", "Associated Company": "Fjord AS",
            "Country/Region": "Norway",
        },
        {"number": "901", "first_contact": dt.date(2021, 4, 5), "company_name": "Fjord AS", "country": "NO"},
        ["kari@berg.no", "+4722334455"],
    ),
    Known(
        "brevo",
        "EMAIL,FIRSTNAME,LASTNAME,SMS",
        {"EMAIL": "kari@berg.no", "FIRSTNAME": "Kari", "LASTNAME": "Berg", "SMS": "4722334455"},
        {"given_name": "Kari"},
        ["kari@berg.no", "+4722334455"],
    ),
    Known(
        "hotelmeister",
        HOTELMEISTER,
        {
            "ID": "1", "guestProfileId": "88", "firstName": "Kari", "lastName": "Berg", "nationality": "NO",
            "language": "de", "birthDate": "17.05.1962", "zipCode": "24103", "city": "Kiel", "countryCode": "DE",
            "email": "kari@berg.de", "mobile": "+4915112873465", "newsletter": "1", "categories": "Stammgast",
        },
        {"number": "88", "nationality": "NO", "country": "DE", "birth_date": dt.date(1962, 5, 17)},
        ["kari@berg.de", "+4915112873465"],
        ["Stammgast"],
    ),
    Known(
        "norwegian_customers",
        NORWEGIAN,
        {
            "Navn": "Berg, Kari Anne", "E-post": "kari@berg.no; k@fjord.no", "Mobil": "412 34 567",
            "Adresse": "Storgata 1", "Postnummer": "0155", "Poststed": "Oslo", "Fødselsdato": "Født 17.05.1962",
            "Telefon (privat)": "22334455",
        },
        {"given_name": "Kari Anne", "family_name": "Berg", "city": "Oslo", "birth_date": dt.date(1962, 5, 17)},
        ["kari@berg.no", "k@fjord.no", "+4741234567", "+4722334455"],
    ),
    Known(
        "swedish_subscribers",
        "email,firstname,lastname,address,city,zipcode,phone,company_name",
        {"email": "asa@ek.se", "firstname": "Åsa", "lastname": "Ek", "zipcode": "211 22", "phone": "+46701234567"},
        {"given_name": "Åsa", "postal_code": "211 22"},
        ["asa@ek.se", "+46701234567"],
    ),
    Known(
        "dutch_relations",
        "Code,Naam,Land,Taal,Contactpersoon,E-mail,Mailen",
        {"Code": "77", "Land": "NL", "Taal": "NL", "Contactpersoon": "Jan de Vries", "E-mail": "j@v.nl", "Mailen": "0"},
        {"number": "77", "family_name": "de Vries", "country": "NL", "language": "nl"},
        ["j@v.nl"],
    ),
]  # fmt: skip


def header_of(text: str) -> list[str]:
    return next(csv.reader(io.StringIO(text)))


def read(header: list[str], *rows: dict[str, str], **told: Any) -> tuple[Suggestion, Interpreted]:
    """What a file of these rows is taken for, and what they become."""
    cells = [[row.get(name, "") for name in header] for row in rows]
    assert not {name for row in rows for name in row} - set(header)
    found = suggest(header, cells, **told)
    laid = lay(found.layout, header, sample=cells)
    return found, interpret(laid, Batch(list(range(2, len(rows) + 2)), cells), CONTEXT)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.key}-{header_of(file.header)[1]}")
def test_a_file_of_each_format_is_recognised_and_read(file: Known) -> None:
    found, result = read(header_of(file.header), file.row, language="nb")
    assert (found.format, found.questions) == (file.key, ())
    assert result.problems == []
    (guest,) = result.guests
    assert {name: getattr(guest, name) for name in file.guest} == file.guest
    assert [contact.normalised for contact in result.contacts] == file.contacts
    assert [tag.tag for tag in result.tags] == file.tags


def test_every_format_is_tried() -> None:
    own = {known.key for known in formats() if known.key.startswith(("innkeeper_", "guest_list", "hotel_bookings"))}
    assert {known.key for known in formats()} == {file.key for file in FILES} | own | {"mailchimp"}


def test_a_whole_audience_tells_of_each_row_by_its_file() -> None:
    header = ["File", *header_of(MAILCHIMP_GONE)]
    common = {"OPTIN_TIME": "2024-03-01 09:00:00", "CONFIRM_TIME": "2024-03-01 09:05:00"}
    found, result = read(
        header,
        {"File": "subscribed_members_export_1.csv", "Email Address": "a@b.no"} | common,
        {"File": "unsubscribed_members_export_1.csv", "Email Address": "c@d.no"}
        | common
        | {"UNSUB_TIME": "2025-01-02 03:04:05", "UNSUB_REASON": "N/A", "UNSUB_CAMPAIGN_TITLE": "Summer"},
        {"File": "cleaned_members_export_1.csv", "Email Address": "e@f.no"} | common,
    )
    assert (found.format, found.questions) == ("mailchimp", ())
    assert [(row.line, row.granted, row.at) for row in result.consents] == [
        (2, True, dt.datetime(2024, 3, 1, 9, 5, tzinfo=dt.UTC)),
        (3, False, dt.datetime(2025, 1, 2, 3, 4, 5, tzinfo=dt.UTC)),
    ]
    assert result.consents[1].source.endswith("Campaign Summer")
    assert [contact.state for contact in result.contacts] == ["ok", "ok", "bounced"]
    assert result.problems == []


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        (MAILCHIMP, {"CONFIRM_TIME": "2024-03-01 09:05:00"}, [(True, dt.datetime(2024, 3, 1, 9, 5, tzinfo=dt.UTC))]),
        (MAILCHIMP_GONE, {"UNSUB_TIME": "2024-03-01 09:00:00"}, [(False, dt.datetime(2024, 3, 1, 9, tzinfo=dt.UTC))]),
        (MAILCHIMP_GONE, {}, [(False, None)]),
        (MAILCHIMP_CLEANED, {"CLEAN_TIME": "2024-03-01 09:05:00"}, []),
    ],
)  # fmt: skip
def test_the_files_of_mailchimp_say_yes_and_no(header: str, row: dict[str, str], expected: list[Any]) -> None:
    _, result = read(header_of(header), {"Email Address": "a@b.no"} | row)
    assert [(consent.granted, consent.at) for consent in result.consents] == expected


@pytest.mark.parametrize(("blocked", "expected"), [("yes", [False]), ("no", []), ("", [])])
def test_brevo_s_block_is_a_no_and_its_absence_no_yes(blocked: str, expected: list[bool]) -> None:
    header = ["EMAIL", "FIRSTNAME", "LASTNAME", "SMS", "EMAIL_BLACKLISTED"]
    _, result = read(header, {"EMAIL": "a@b.no", "EMAIL_BLACKLISTED": blocked})
    assert [consent.granted for consent in result.consents] == expected
    assert result.problems == []


@pytest.mark.parametrize(("said", "expected"), [("1", [True]), ("0", [False]), ("", [])])
def test_mailen_says_yes_and_no(said: str, expected: list[bool]) -> None:
    header = ["Code", "Land", "Taal", "Contactpersoon", "Mailen"]
    _, result = read(header, {"Code": "7", "Contactpersoon": "Jan Vis", "Mailen": said})
    assert [consent.granted for consent in result.consents] == expected
