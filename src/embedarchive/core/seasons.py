"""The name of a season, of a day of the week, of a part of a year, in several languages -> what it stands for. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from embedarchive.core.months import fold_name

_SEASONS = """
spring fruhling fruhjahr printemps primavera forar var vaar voorjaar lente wiosna весна весной весны bahar ilkbahar
summer sommer ete verano estate verao zomer sommar lato лето летом лета літо влітку yaz
autumn fall herbst automne otono autunno outono herfst host hosten efterar jesien осень осенью осени осінь sonbahar
winter hiver invierno inverno vinter zima зима зимой зимы взимку kis
"""
_FIRST_MONTHS = (3, 6, 9, 12)
"""Of spring, summer, autumn and winter as meteorologists count them, north of the equator."""

_WEEKDAYS = """
monday mon montag lundi lun lunes lunedi segunda segunda-feira maandag mandag poniedzialek pondeli понедельник понеділок
  pazartesi
tuesday tue tues dienstag mardi martes martedi terca terca-feira dinsdag tirsdag tisdag wtorek utery вторник вівторок sali
wednesday wed mittwoch mercredi mer miercoles mercoledi quarta quarta-feira woensdag onsdag sroda streda среда середа
  carsamba
thursday thu thur thurs donnerstag jeudi jeu jueves giovedi quinta quinta-feira donderdag torsdag czwartek ctvrtek четверг
  четвер persembe
friday fri freitag vendredi ven viernes venerdi sexta sexta-feira vrijdag fredag piatek patek пятница cuma
saturday sat samstag sonnabend samedi sam sabado sabato zaterdag lordag sobota суббота субота cumartesi
sunday sun sonntag dimanche dim domingo domenica zondag sondag niedziela nedele воскресенье неділя pazar
"""

_PARTS = """
early beginning start begin anfang debut principios comienzos inizio inicio
mid middle mitte mi mediados meta meados medio midden
late end ende fin finales fine final eind
"""


def _name_lines(table: str) -> Mapping[str, int]:
    """Each word of a table with the number of its line, from 0."""
    lines = re.split(r"\n(?=\S)", table.strip())
    return {fold_name(name): number for number, line in enumerate(lines) for name in line.split()}


_SEASON_OF = _name_lines(_SEASONS)
_WEEKDAY_OF = _name_lines(_WEEKDAYS)
_PART_OF = _name_lines(_PARTS)


def find_season(word: str) -> int | None:
    """The first month of the season that a word names, or None."""
    number = _SEASON_OF.get(fold_name(word))
    if number is None:
        return None
    return _FIRST_MONTHS[number]


def find_weekday(word: str) -> int | None:
    """0 for Monday to 6 for Sunday, in full or as it is abbreviated, or None."""
    return _WEEKDAY_OF.get(fold_name(word.rstrip(".,")))


def find_part(word: str) -> int | None:
    """0, 1 or 2 for what is called early, mid or late, or None."""
    return _PART_OF.get(fold_name(word))
