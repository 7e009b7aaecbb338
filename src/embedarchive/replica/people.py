"""The invented accounts that post on the replica's platforms. Pure."""

from __future__ import annotations

from embedarchive.replica.facts import Person

MARIT = Person("marit.solheim.foto", "Marit Solheim", "avatar:fjord", True, 284_113, 1_932)
KYSTVAKTA = Person("kystvakta.nord", "Kystvakta Nord ⚓", "avatar:storm", True, 96_402, 811)
LANTERNA = Person("teatro.della.lanterna", "Teatro della Lanterna", "avatar:stage", True, 51_870, 2_207)
HAFEN = Person("museum.am.hafen", "Museum am Hafen", "avatar:harbour", True, 38_266, 1_104)
ASHA = Person("runs.with.asha", "Asha Ndlovu-Reyes", "avatar:runner", False, 1_204_550, 903)
YAKEI = Person("tokyo.yakei.bu", "東京夜景部", "avatar:neon", False, 77_031, 640)
ZAYTOUNA = Person("maqha.zaytouna", "مقهى زيتونة", "avatar:olive", False, 18_940, 388)
BERGAMOT = Person("studio.bergamot", "Studio Bergamot", "avatar:bowl", False, 64_218, 571)
HALLEY = Person("halley.ridge.observatory", "Halley Ridge Observatory 🔭", "avatar:stars", True, 412_009, 1_455)
LENA = Person("lena.okafor.films", "Lena Okafor (she/her)", "avatar:film", False, 9_871, 214)
BEES = Person("harbour.bees", "Harbour Bees 🐝", "avatar:honey", False, 22_637, 467)
ILSE = Person("ilse_onder_zeil", "Ilse van den Bergh", "avatar:sail", False, 5_312, 198)
TRAM = Person("tramvaj.shchodennyk", "Трамвайний щоденник", "avatar:tram", False, 31_004, 1_020)
HANOK = Person("hanok.achim", "한옥의 아침", "avatar:pine", False, 143_775, 362)
NIGHTBUS = Person("nightbus.radio", "Nightbus Radio 📻", "avatar:bus", True, 702_118, 1_777)
DUNAS = Person("entre.dunas", "Entre Dunas ™", "avatar:dune", False, 12_090, 256)
CLARA = Person("clara_writes_weather", "Clara Whitcombe", "avatar:cloud", True, 208_411, 3_310)
