"""A date as markup writes it, by machine or in words -> ISO 8601, or None where it could be misread. Pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime

from embedarchive.core.dates import to_iso

# Per month: its names in the languages that embed codes come in, accents off, in the cases that dates use. Names that mean
# different months in two languages (`listopada`) are left out; `\b…` of up to four letters are what players abbreviate to.
_NAMED = """
january januar janvier enero gennaio janeiro januari tammikuuta stycznia ledna января січня ocak ianuarie ιανουαριου يناير
  ינואר jan janv ene gen янв січ oca
february februar fevrier febrero febbraio fevereiro februari helmikuuta lutego unora февраля лютого subat februarie φεβρουαριου
  فبراير פברואר feb febr fevr fev фев лют sub
march marz mars marzo marco maart maaliskuuta marca brezna марта березня mart martie maret μαρτιου مارس מרץ mar мар бер
april avril abril aprile huhtikuuta kwietnia dubna апреля квітня nisan aprilie απριλιου ابريل אפריל apr avr abr апр кві nis
may mai mayo maggio maio mei maj toukokuuta maja kvetna мая травня mayis μαιου مايو מאי mag тра
june juni juin junio giugno junho kesakuuta czerwca cervna июня червня haziran iunie ιουνιου يونيو יוני jun giu июн чер haz
july juli juillet julio luglio julho heinakuuta lipca cervence июля липня temmuz iulie ιουλιου يوليو יולי jul juil lug июл
  лип tem
august aout agosto augustus augusti elokuuta sierpnia srpna августа серпня agustos agustus αυγουστου اغسطس אוגוסט aug ago
  авг сер agu
september septembre septiembre settembre setembro syyskuuta wrzesnia zari сентября вересня eylul septembrie σεπτεμβριου سبتمبر
  ספטמבר sep sept set сен вер eyl
october oktober octobre octubre ottobre outubro lokakuuta pazdziernika rijna октября жовтня ekim octombrie οκτωβριου اكتوبر
  אוקטובר oct okt ott out окт жов eki
november novembre noviembre novembro marraskuuta listopadu ноября листопада kasim noiembrie νοεμβριου نوفمبر נובמבר nov ноя
  лис kas
december decembre diciembre dicembre dezembro desember dezember joulukuuta grudnia prosince декабря грудня aralik decembrie
  δεκεμβριου ديسمبر דצמבר dec des dez dic déc дек гру ara
"""
_OTHERS = (
    ["ژانویه", "فوریه", "مارس", "آوریل", "مه", "ژوئن", "ژوئیه", "اوت", "سپتامبر", "اکتبر", "نوامبر", "دسامبر"],
    ["जनवरी", "फरवरी", "मार्च", "अप्रैल", "मई", "जून", "जुलाई", "अगस्त", "सितंबर", "अक्टूबर", "नवंबर", "दिसंबर"],
    [
        "בינואר",
        "בפברואר",
        "במרץ",
        "באפריל",
        "במאי",
        "ביוני",
        "ביולי",
        "באוגוסט",
        "בספטמבר",
        "באוקטובר",
        "בנובמבר",
        "בדצמבר",
    ],
)
"""The twelve months of Persian, of Hindi, and of Hebrew behind its `in`."""
_DOTLESS = str.maketrans("ıøæ", "ioa")


def _fold(word: str) -> str:
    """A word in lower case, without accents: `Février` -> `fevrier`."""
    plain = unicodedata.normalize("NFKD", word.lower().translate(_DOTLESS))
    return "".join(c for c in plain if not unicodedata.combining(c))


_MONTHS = {
    _fold(name): month for month, line in enumerate(re.split(r"\n(?=\S)", _NAMED.strip()), 1) for name in line.split()
} | {_fold(name): month for names in _OTHERS for month, name in enumerate(names, 1)}

_DIGIT = re.compile(r"\d")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2})?")
_OF_X = re.compile(r"^[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d{1,2}) (\d\d:\d\d:\d\d) ([+-]\d{4}) (\d{4})$")
_CLOCK_BEFORE = re.compile(
    r"^(?:\w{1,6}\s?)?\d{1,2}:\d{2}(?:\s?[AaPp]\.?\s?[Mm]\.?)?\s*[\u00b7\u2219\u2022|-]\s*(?=\w)"
)
_CLOCK_BEHIND = re.compile(r"(?<=\d{4})(?:,? \w{1,4}|,)? \d{1,2}[:.]\d{2}(?:\s?[AaPp]\.?\s?[Mm]\.?)?(?: [A-Z]{2,4})?$")
"""A time of day before or behind a date in words: of which zone, nobody knows."""
_WEEKDAY = re.compile(r"^[^\W\d_]{3,12}(?:-feira)?\.?[,\u060c]? (?=\S+ \S)")
_MONTH_FIRST = re.compile(r"^([^\W\d_][^\s\d.,]{2,12})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})$")
_DAY_FIRST = re.compile(
    r"^(\d{1,2})(?:st|nd|rd|th|er|\.)? (?:de |di |of )?([^\W\d_][^\s\d.,\u060c]{1,12})"
    r"[.,\u060c]{0,2} (?:de )?(\d{4})(?: [гр]\.)?$"
)
_YEAR_FIRST = re.compile(r"^(\d{4})[年년] ?(\d{1,2})[月월] ?(\d{1,2})[日일]")
_LONGEST = 80
_FIRST_YEAR, _LAST_YEAR = 1990, 2100


def parse_time(text: str) -> str | None:
    """ISO 8601, X's own (`Tue May 25 13:25:57 +0000 2021`), or a date whose month is named in any of 27 languages, as ISO
    UTC; a day alone stays a day. None for all else: of `03/04/2021` nobody knows which is the month."""
    if _DIGIT.search(text) is None:
        return None
    text = " ".join(text.split())[:_LONGEST]
    if (m := _OF_X.match(text)) and (month := _MONTHS.get(m[1].lower())):
        text = f"{m[5]}-{month:02d}-{int(m[2]):02d}T{m[3]}{m[4]}"
    m = _ISO.match(text)
    if m is None:
        text = _CLOCK_BEHIND.sub("", _CLOCK_BEFORE.sub("", text))
        return _parse_words(text) or _parse_words(_WEEKDAY.sub("", text))
    if not m[1]:
        return text if len(text) == len("2026-11-23") else None
    try:
        when = datetime.fromisoformat(re.sub(r"([+-]\d{2})(\d{2})$", r"\1:\2", text.replace(" ", "T", 1)))
        return to_iso(when if when.tzinfo else when.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None


def _parse_words(text: str) -> str | None:
    """A day whose month is a word, or which is written from the year down, as ISO."""
    if m := _MONTH_FIRST.match(text):
        year, named, day = m[3], m[1], m[2]
    elif m := _DAY_FIRST.match(text):
        year, named, day = m[3], m[2], m[1]
    elif m := _YEAR_FIRST.match(text):
        year, named, day = m[1], m[2], m[3]
    else:
        return None
    month = int(named) if named.isdigit() else _MONTHS.get(_fold(named), 0)
    if not _FIRST_YEAR <= int(year) <= _LAST_YEAR:  # of another calendar
        return None
    try:
        return datetime(int(year), month, int(day), tzinfo=UTC).strftime("%Y-%m-%d")
    except ValueError:
        return None
