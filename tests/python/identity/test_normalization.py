"""Normalisation in SQL says what the libraries that know say: libphonenumber for phones, Unicode for accents."""

from collections.abc import Iterator

import duckdb
import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from crm_warehouse.settings import PROJECT_DIR
from tests.python.identity.seeds import load_seed
from tests.python.sql_subset import rendered

NATIONAL_FORM_NOT_UNDERSTOOD = {
    "AR",  # a mobile is dialled with 15 at home and with 9 from abroad
    "BY",  # its trunk prefix is 8, then 0
}
NO_PLUS_NOT_UNDERSTOOD = {
    "AD",
    "IT",
    "LU",
    "NU",
    "TK",
    "WS",
}  # no trunk prefix, so it may be a national number

PhoneCase = tuple[str, str, str, str | None, str]
"""Region, form, phone as typed, country of the record, expected E.164."""


def phone_cases() -> Iterator[PhoneCase]:
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE):
            number = phonenumbers.example_number_for_type(region, kind)
            if number is not None:
                yield from forms_of(region, number)


def forms_of(region: str, number: phonenumbers.PhoneNumber) -> Iterator[PhoneCase]:
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    international = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    yield region, "national", national, region, e164
    yield region, "no plus", e164[1:], region, e164
    yield region, "international", international, region, e164
    yield region, "abroad", international, "DE" if region != "DE" else "US", e164
    yield region, "00", "00" + e164[1:], None, e164


@pytest.fixture(scope="module")
def misread() -> set[tuple[str, str]]:
    """Region and form of every example number that our SQL reads differently than libphonenumber."""
    con = duckdb.connect()
    load_seed(con, "phone_countries")
    con.execute("create table phones (region text, form text, phone text, country_code text, expected text)")
    con.executemany("insert into phones values (?, ?, ?, ?, ?)", list(phone_cases()))
    query = """
        select dialled.region, dialled.form
        from (select *, {{ dialled_number('phone') }} as dialled_number from phones) as dialled
        left join phone_countries on dialled.country_code = phone_countries.country_code
        where expected is distinct from {{ phone_e164('dialled_number', 'phone_countries') }}
    """
    return set(con.execute(rendered(query, engine="duckdb")).fetchall())


def test_the_seed_has_every_country_that_libphonenumber_knows() -> None:
    seed = (PROJECT_DIR / "seeds" / "phone_countries.csv").read_text().splitlines()[1:]
    calling_codes = {line.split(",")[0]: int(line.split(",")[1]) for line in seed}
    regions = phonenumbers.SUPPORTED_REGIONS
    assert calling_codes == {region: phonenumbers.country_code_for_region(region) for region in regions}


@pytest.mark.parametrize("form", ["international", "abroad", "00"])
def test_an_international_number_is_read_as_libphonenumber_does(
    misread: set[tuple[str, str]], form: str
) -> None:
    assert {region for region, misread_form in misread if misread_form == form} == set()


def test_a_national_number_is_read_as_libphonenumber_does(misread: set[tuple[str, str]]) -> None:
    assert {region for region, form in misread if form == "national"} == NATIONAL_FORM_NOT_UNDERSTOOD


def test_a_number_that_lost_its_plus_is_read_as_libphonenumber_does(misread: set[tuple[str, str]]) -> None:
    assert {region for region, form in misread if form == "no plus"} == NO_PLUS_NOT_UNDERSTOOD


def test_both_engines_take_the_same_accents_away() -> None:
    latin = [chr(code) for code in range(0xC0, 0x180)]
    in_duckdb = rendered("{{ without_accents('letter') }}", engine="duckdb")
    in_spark = rendered(
        "{{ without_accents('letter') }}", engine="spark"
    )  # translate(), which DuckDB has, too
    query = f"select letter from (select unnest(?) as letter) where {in_duckdb} != {in_spark}"
    assert duckdb.connect().execute(query, [latin]).fetchall() == []
