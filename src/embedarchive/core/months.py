"""The name of a month, in any of 27 languages -> its number. Pure."""

from __future__ import annotations

import re
import unicodedata

ENGLISH = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip

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


def fold_name(word: str) -> str:
    """A word in lower case, without accents: `Février` -> `fevrier`."""
    plain = unicodedata.normalize("NFKD", word.lower().translate(_DOTLESS))
    return "".join(c for c in plain if not unicodedata.combining(c))


_MONTHS = {
    fold_name(name): month
    for month, line in enumerate(re.split(r"\n(?=\S)", _NAMED.strip()), 1)
    for name in line.split()
} | {fold_name(name): month for names in _OTHERS for month, name in enumerate(names, 1)}


def find_month(word: str) -> int | None:
    """The number of the month that a word names in one of 27 languages, in full or as it is abbreviated, or None."""
    return _MONTHS.get(fold_name(word))
