"""The forms in which times are written, as data: one regular expression each, the first that fits.

Group names are the parts of a time: ``year`` (four digits), ``yy`` (two digits after the century),
``yy_fits`` (two digits of 19xx), ``month``, ``name`` (of a month), ``day``, ``doy`` (day of year),
``first`` and ``other`` (day and month in an order that the text does not tell), ``hour``,
``minute``, ``second``, ``half`` (AM or PM), ``zone`` (an offset from UTC, or a time scale).

Sources: ISO 8601; FITS 4.0, section 4.4.2.1 and 9.1 (old ``DD/MM/YY``, ``YYYY-MM-DDThh:mm:ss``);
sunpy's ``parse_time``; SolarSoft's ``anytim`` (``11-DEC-96``); EXIF 2.3 (``YYYY:MM:DD``); JSOC's
``YYYY.MM.DD_hh:mm:ss_TAI``; RFC 5322 and C's ``asctime``; RFC 3339 (a ``z`` in lower case);
SQL Server's text of a ``datetime`` (``May  6 2014  7:08PM``).
"""

from __future__ import annotations

#: Names of months in English: three letters or whole.
MONTHS = {
    name[:length]: f"{number:02}"
    for number, name in enumerate(
        (
            "january",
            "february",
            "march",
            "april",
            "may",
            "june",
            "july",
            "august",
            "september",
            "october",
            "november",
            "december",
        ),
        1,
    )
    for length in (3, len(name))
} | {"sept": "09"}

#: Two-digit years of a date with the name of a month begin with this one (SolarSoft's anytim).
FIRST_TWO_DIGIT_YEAR = 1950

_SECOND = r"(?P<second>\d{1,2}(?:[.,]\d*)?)"
_HALF = r"(?:\s*(?P<half>[AaPp]\.?[Mm]\.?))?"
_CLOCK = rf"(?P<hour>\d{{1,2}})(?::(?P<minute>\d{{1,2}})(?::{_SECOND})?)?{_HALF}"
_SCALE = r"UTC?|GMT|TAI|IAT|TT|TDT|TDB|TCG|TCB|GPS"
_ZONE = rf"[\s_]*\(?(?P<zone>[Zz]|{_SCALE}|[+-]\d{{2}}:?\d{{2}}|[+-]\d{{2}})?\)?"
_TIME = rf"(?:(?:[Tt]|[ _:])\s*{_CLOCK}{_ZONE})?"
_NAME = r"(?P<name>[A-Za-z]{3,9})\.?"
_WEEKDAY = r"(?:(?:[Mm]on|[Tt]ue|[Ww]ed|[Tt]hu|[Ff]ri|[Ss]at|[Ss]un)[a-z]*,?\s+)?"

_FORMS = (
    # 2005-05-01T07:46:55.5Z, 2005-05-01 07:46, 2005/05/01
    rf"^(?P<year>\d{{4}})[-/](?P<month>\d{{1,2}})[-/](?P<day>\d{{1,2}}){_TIME}$",
    # 2024.06.28_00:00:00.000_TAI; EXIF's 2017:11:19 12:32:23
    rf"^(?P<year>\d{{4}})\.(?P<month>\d{{1,2}})\.(?P<day>\d{{1,2}}){_TIME}$",
    rf"^(?P<year>\d{{4}}):(?P<month>\d{{2}}):(?P<day>\d{{2}})(?:[ T:]\s*{_CLOCK}{_ZONE})?$",
    # 2012-180T20:00:01, 2012 180, 2012180, 2012:124:21:08:12
    rf"^(?P<year>\d{{4}})[- :/]?(?P<doy>\d{{3}}){_TIME}$",
    # 20050501, 201504300000, 20050501_074655, 20050501T074655.5Z
    r"^(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"
    r"(?:[T_ ]?(?P<hour>\d{2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2}(?:[.,]\d*)?))?"
    rf"{_ZONE})?$",
    # 12-Feb-2002, 4 Mar 2010 07:46:55, Fri, 04 May 2007 21:08:12 GMT
    rf"^{_WEEKDAY}(?P<day>\d{{1,2}})[- /]*{_NAME}[- /]*(?P<year>\d{{4}}){_TIME}$",
    # 11-DEC-96, 01-May-23 13:07:58.713
    rf"^(?P<day>\d{{1,2}})[- /]{_NAME}[- /](?P<yy>\d{{2}}){_TIME}$",
    # 2007-May-04 21:08
    rf"^(?P<year>\d{{4}})[- /]{_NAME}[- /](?P<day>\d{{1,2}}){_TIME}$",
    # May 4, 2007 21:08:12
    rf"^{_WEEKDAY}{_NAME}\s+(?P<day>\d{{1,2}}),?\s+(?P<year>\d{{4}}){_TIME}$",
    # Fri May  4 21:08:12 2007
    rf"^{_WEEKDAY}{_NAME}\s+(?P<day>\d{{1,2}})\s+{_CLOCK}{_ZONE}\s+(?P<year>\d{{4}})$",
    # 2007 05 04, 2007 05 04 2108, 2007 05 04 21 08 12
    r"^(?P<year>\d{4}) (?P<month>\d{1,2}) (?P<day>\d{1,2})"
    r"(?:\s+(?P<hour>\d{2})[ :]?(?P<minute>\d{2})(?:[ :]?(?P<second>\d{2}(?:[.,]\d*)?))?)?$",
    # 2014-05-06T070809; 2014-05-06_07-08-09 and 20140506-070809, in names of files; 2014-05-06Z
    r"^(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})[T_ ](?P<hour>\d{2})(?P<minute>\d{2})"
    rf"(?:(?P<second>\d{{2}}(?:[.,]\d*)?))?{_ZONE}$",
    r"^(?P<year>\d{4})[-_](?P<month>\d{2})[-_](?P<day>\d{2})[T_ -]"
    rf"(?P<hour>\d{{2}})-(?P<minute>\d{{2}})-(?P<second>\d{{2}}(?:\.\d*)?){_ZONE}$",
    r"^(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})-(?P<hour>\d{2})(?P<minute>\d{2})"
    r"(?P<second>\d{2}(?:\.\d*)?)(?P<zone>Z)?$",
    r"^(?P<year>\d{4})[-_](?P<month>\d{2})[-_](?P<day>\d{2})(?P<zone>Z)?$",
    # 31/12/1998, 31.12.1998: which number is the day?
    rf"^(?P<first>\d{{1,2}})[-/.](?P<other>\d{{1,2}})[-/.](?P<year>\d{{4}}){_TIME}$",
    # 31/12/98: FITS before 2000, so of the 20th century (FITS 4.0, section 4.4.2.1)
    rf"^(?P<first>\d{{2}})/(?P<other>\d{{2}})/(?P<yy_fits>\d{{2}}){_TIME}$",
)

#: The forms; a part that is missing is zero. Digits are those of ASCII: others are no numbers.
FORMS = tuple(form.replace(r"\d", "[0-9]") for form in _FORMS)

#: The parts that the forms name.
PARTS = (
    "year",
    "yy",
    "yy_fits",
    "month",
    "name",
    "day",
    "doy",
    "first",
    "other",
    "hour",
    "minute",
    "second",
    "half",
    "zone",
)

#: MongoDB's extended JSON, when it comes as a text.
EXTENDED_JSON = r'^\{\s*"\$date"\s*:\s*(?:\{\s*"\$numberLong"\s*:\s*)?"?(?P<inner>[^"}]+)"?\s*\}*$'
