"""Innkeeper's own lists of stays, invoices, purchases and consents, read back."""

import datetime as dt

from tests.imports.test_mapping_formats import header_of, read


def test_the_business_s_own_list_of_stays() -> None:
    header = header_of(
        "stay_id,property,status,arrival,departure,nights,unit,unit_type,adults,children,reference,channel,amount,"
        "currency,booked_on,note,roles,guest_id,given_name,family_name,company,email,phone,language,country"
    )
    row = {
        "stay_id": "12", "property": "Fjordstuen", "status": "checked_out", "arrival": "2024-07-01",
        "departure": "2024-07-03", "nights": "2", "adults": "2", "children": "1", "amount": "1200.50",
        "currency": "NOK", "guest_id": "7", "given_name": "Kari", "family_name": "Berg", "email": "a@b.no",
    }  # fmt: skip
    found, result = read(header, row)
    assert (found.format, found.questions) == ("innkeeper_stays", ())
    (stay,) = result.stays
    assert (stay.external_id, stay.status, str(stay.amount), stay.departure) == (
        "12", "checked_out", "1200.50", dt.date(2024, 7, 3),
    )  # fmt: skip
    assert (result.guests[0].number, result.problems) == ("7", [])


def test_the_business_s_own_list_of_invoices() -> None:
    header = header_of(
        "invoice_id,number,issued_on,due_on,paid_on,amount,currency,note,stay_id,stay_reference,guest_id,given_name,"
        "family_name,company,email,phone"
    )
    row = {"invoice_id": "3", "number": "F-100", "issued_on": "2024-07-03", "paid_on": "2024-07-10",
           "amount": "1200.50", "currency": "NOK", "stay_reference": "R12", "guest_id": "7"}  # fmt: skip
    found, result = read(header, row)
    assert (found.format, found.questions) == ("innkeeper_invoices", ())
    (invoice,) = result.invoices
    assert (invoice.external_id, invoice.number, str(invoice.amount), invoice.is_paid, invoice.stay) == (
        "3", "F-100", "1200.50", True, "R12",
    )  # fmt: skip
    assert result.problems == []


def test_the_business_s_own_list_of_purchases() -> None:
    header = header_of(
        "purchase_id,bought_on,product,product_code,description,quantity,amount,currency,reference,property,stay_id,"
        "stay_reference,guest_id,given_name,family_name,company,email,phone"
    )
    row = {"purchase_id": "5", "bought_on": "2024-07-03", "product": "Spa hour", "quantity": "2", "amount": "900.00",
           "currency": "NOK", "guest_id": "7"}  # fmt: skip
    found, result = read(header, row)
    assert (found.format, found.questions) == ("innkeeper_purchases", ())
    (bought,) = result.purchases
    assert (bought.external_id, bought.product, str(bought.quantity), str(bought.amount)) == (
        "5", "Spa hour", "2.00", "900.00",
    )  # fmt: skip
    assert result.problems == []


def test_the_business_s_own_list_of_consents() -> None:
    header = header_of(
        "guest_id,given_name,family_name,company,email,phone,purpose,channel,state,decided_at,recorded_at,source,"
        "decided_by,recorded_by,ip_address,wording_version,wording_language,wording,proof"
    )
    row = {"guest_id": "7", "email": "a@b.no", "decided_at": "2024-07-03 10:00:00+02:00", "source": "form"}
    found, result = read(
        header,
        row | {"purpose": "newsletter", "channel": "email", "state": "granted", "wording": "Yes, write to me."},
        row | {"purpose": "profiling", "state": "withdrawn"},
        row | {"purpose": "sensitive", "state": ""},
    )
    assert (found.format, found.questions) == ("innkeeper_consents", ())
    assert [(one.line, one.purpose, one.channel, one.granted, one.wording) for one in result.consents] == [
        (2, "newsletter", "email", True, "Yes, write to me."),
        (3, "profiling", "", False, ""),
    ]
    assert result.problems == []
