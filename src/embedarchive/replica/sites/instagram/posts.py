"""The posts of the replica's Instagram: every kind, captions in many scripts. Pure."""

from __future__ import annotations

from typing import Any

from embedarchive.replica import people as p
from embedarchive.replica.facts import Person, PostFact, Slide, shortcode_at


def _post(
    name: str, at: str, author: Person, caption: str, *slides: Slide, kind: str = "photo", **more: Any
) -> PostFact:
    code = shortcode_at(at, name)
    folder = "reel" if kind == "reel" else "p"
    url = f"https://www.instagram.com/{folder}/{code}/"
    return PostFact("instagram", name, code, url, kind, author, at, caption, slides, **more)


_PREMIERE = (
    Slide("stage:curtain", "Photo of a red velvet curtain lit from below."),
    Slide("stage:spot", None, video=True),
    Slide("stage:chandelier", "Photo of lights above an empty auditorium."),
    Slide("portrait:actress", "Portrait of a person in warm side light."),
    Slide("stage:blue", "Photo of a stage in blue haze."),
    Slide("portrait:mask", "Portrait of a person against golden lamps."),
    Slide("still:candles", "Photo of candles on a dark table."),
    Slide("stage:gold", "Photo of golden spotlights crossing."),
    Slide("city:opera", "Photo of a wet square at night after the show."),
    Slide("stage:bow", "Photo of figures bowing before bright lights."),
)

POSTS: tuple[PostFact, ...] = (
    _post(
        "fjord",
        "2026-02-11T06:42:10Z",
        p.MARIT,
        "Four in the morning, minus eleven, not a sound.\n\nThe fog lifted for six minutes. "
        "I had been waiting for it since Sunday. 🏔️\n\n#nordlys #fjord #slowphotography",
        Slide("mountains:dawn", "Photo of mountain ridges fading into morning mist."),
        likes=48_213,
        comments=712,
    ),
    _post(
        "lighthouse",
        "2026-01-18T16:05:44Z",
        p.MARIT,
        "The last keeper switched it off by hand at 17:05. Two hundred people on the pier, and nobody clapped.\n"
        "\nThank you, Halvard. 🕯️\n\n@kystvakta.nord #lastlight",
        Slide("sea:lighthouse", "Photo of a lighthouse against a sunset over the sea."),
        likes=112_904,
        comments=2_381,
    ),
    _post(
        "rescue",
        "2026-03-02T22:17:31Z",
        p.KYSTVAKTA,
        "23:04 alarm. 23:11 off the quay. 01:36 all eleven aboard.\n\n"
        "Sleep well, crew of the «Havsula». We will see you at breakfast. ⚓️❤️",
        Slide("sea:storm", "Photo of a small light on a dark, heavy sea."),
        likes=65_770,
        comments=1_904,
        collaborator=p.MARIT,
    ),
    _post(
        "skyline",
        "2025-11-23T12:31:02Z",
        p.YAKEI,
        "雨上がりの交差点。\n傘をたたんだ人から順に、街の灯りが戻ってくる。🌃\n\n#夜景 #東京 #雨の日",
        Slide("city:neon", "Photo of city lights reflected on wet asphalt."),
        likes=20_418,
        comments=163,
        lang="ja",
    ),
    _post(
        "premiere",
        "2026-03-07T21:48:55Z",
        p.LANTERNA,
        "La prima. 🎭\n\nQuattro anni di cantiere, un tetto nuovo, e stasera di nuovo il buio in sala.\n"
        "Scorrete fino all'inchino →\n\n#teatro #prima @lena.okafor.films",
        *_PREMIERE,
        kind="carousel",
        likes=31_562,
        comments=846,
        lang="it",
    ),
    _post(
        "marathon",
        "2026-03-09T05:12:18Z",
        p.ASHA,
        "Kilometre 38. This is where the talking stops. 🏃🏾‍♀️\n\n"
        "42.195 km, 1 blister, 0 regrets. Link to the fundraiser is in my bio.\n\n#riverrun #marathon",
        Slide("portrait:runner", None, video=True, width=1080, height=1920),
        kind="reel",
        likes=204_377,
        comments=3_120,
        audio=("runs.with.asha", "Original audio"),
    ),
    _post(
        "harbour",
        "2025-09-14T09:20:00Z",
        p.HAFEN,
        "Heute vor 90 Jahren lief hier der erste Eisbrecher vom Stapel. Wir zeigen die Werftfotos zum ersten Mal "
        "öffentlich – mit Namen, wo wir sie kennen.\n\nErkennen Sie jemanden? Schreiben Sie uns.\n\n#Hafengeschichte",
        Slide("sea:harbour", "Foto eines Hafens im Morgenlicht."),
        likes=3_904,
        comments=281,
        lang="de",
    ),
    _post(
        "olives",
        "2025-10-30T14:02:27Z",
        p.ZAYTOUNA,
        "زيتون هذا الموسم، من شجرةٍ أكبرَ من البيت. 🫒\n\nنفتح الأبواب يوم الجمعة عند الغروب.\n\n#زيتون #قهوة",
        Slide("still:olives", "صورة لوعاء من الزيتون على طاولة خشبية."),
        likes=7_215,
        comments=94,
        lang="ar",
    ),
    _post(
        "milkyway",
        "2026-01-02T03:33:09Z",
        p.HALLEY,
        "No moon, no wind, 4 h 12 min of exposure.\n\n"
        "Somewhere in the lower third: Comet C/2025 Q4, on its way out for the next 68,000 years. "
        "Say goodbye. ☄️\n\n#astrophotography",
        Slide("stars:ridge", "Photo of the Milky Way above a dark ridge.", height=1080),
        likes=391_006,
        comments=5_518,
    ),
    _post(
        "bowl",
        "2025-12-12T10:10:10Z",
        p.BERGAMOT,
        "Sorry, this page isn't available — said my sketchbook after I spilled tea on it. 🍵\n\n"
        "So here is the bowl instead. Glaze no. 41; a few bubbles may have been removed with a wet thumb. "
        "The link to this photo or video may be broken, but the bowl is not.\n\n#ceramics #wabisabi",
        Slide("still:bowl", "Photo of a handmade bowl on linen.", height=1080),
        likes=5_660,
        comments=77,
    ),
    _post(
        "bees",
        "2025-07-19T11:45:00Z",
        p.BEES,
        "Slow motion, because they never are. 🐝\n\nHive 7, roof of the fish market.",
        Slide("still:honey", None, video=True),
        kind="video",
        likes=14_882,
        comments=240,
        audio=("harbour.bees", "Original audio"),
    ),
    _post(
        "concert",
        "2025-08-02T22:58:41Z",
        p.NIGHTBUS,
        "Last song of the last night. You were louder than us. 💙",
        Slide("stage:concert", None, video=True, height=1920),
        kind="reel",
        likes=88_019,
        comments=1_333,
        audio=("Nightbus Radio", "Terminal Stop"),
        copyright_blocked=True,
        unlike={"live": ("available", "copyright_blocked")},
    ),
    _post(
        "tram",
        "2025-11-05T17:21:36Z",
        p.TRAM,
        "Вечірній сьомий. Водійка пані Оксана, тридцять один рік на маршруті, сьогодні востаннє. 🚋\n\n"
        "Весь вагон співав.\n\n#трамвай #останнійрейс",
        Slide("city:tram", "Фото вечірньої вулиці після дощу."),
        likes=26_130,
        comments=905,
        lang="uk",
    ),
    _post(
        "hanok",
        "2025-10-08T22:40:15Z",
        p.HANOK,
        "아무도 깨지 않은 시간.\n안개가 먼저 마당을 쓴다. 🌲\n\n#한옥 #아침안개",
        Slide("forest:mist", "안개 낀 소나무 숲 사진."),
        likes=52_307,
        comments=418,
        lang="ko",
    ),
    _post(
        "dunes",
        "2025-05-27T19:14:52Z",
        p.DUNAS,
        "Caminhei onze dias para chegar a esta sombra. Valeu cada grão. 🐪\n\n#deserto #silêncio",
        Slide("dunes:gold", "Foto de dunas ao fim da tarde."),
        likes=9_401,
        comments=122,
        lang="pt",
    ),
    _post(
        "aurora",
        "2026-02-20T23:02:07Z",
        p.MARIT,
        "It sounds like nothing. Everyone asks. It sounds like nothing at all. 💚",
        Slide("stars:aurora", "Photo of green northern lights above a frozen lake."),
        likes=176_255,
        comments=2_040,
        edited="It sounds like nothing. Everyone asks. It sounds like nothing at all. 💚\n\n"
        "Edit: prints are sold out, thank you. Please stop asking my mother.",
    ),
    _post(
        "market",
        "2025-12-20T18:30:00Z",
        p.LENA,
        "Three stalls, one thermos, no budget. Storyboard frames from “The Night Market”. 🎬",
        Slide("city:market", "Photo of a night market out of focus."),
        Slide("portrait:vendor", "Portrait of a person before warm lamps."),
        Slide("still:candles", "Photo of candles on a table."),
        kind="carousel",
        likes=1_208,
        comments=31,
    ),
    _post(
        "storm",
        "2025-10-21T15:55:20Z",
        p.CLARA,
        "Anvil cloud at 15:40, hail at 15:52, tea at 16:10.\n\n#stormspotting",
        Slide("sea:squall", "Photo of a storm cloud above the sea.", height=1080),
        likes=11_090,
        comments=199,
    ),
    _post(
        "forest",
        "2025-06-15T04:58:33Z",
        p.MARIT,
        "The deer was here first. I only brought the camera.",
        Slide("forest:sun", "Photo of sunbeams in a forest."),
        likes=33_871,
        comments=305,
    ),
    _post(
        "tide",
        "2025-04-03T18:44:12Z",
        p.ILSE,
        "Dertig zeilen op het wad, en de zon wilde niet weg. ⛵️\n\n#waddenzee",
        Slide("sea:sails", "Foto van zeilboten bij zonsondergang."),
        likes=2_266,
        comments=58,
        lang="nl",
    ),
    _post(
        "moon",
        "2025-03-14T06:26:49Z",
        p.HALLEY,
        "Totality over the east dome. 🌑",
        Slide("stars:moon", "Photo of the moon above mountains.", height=1080),
        likes=240_018,
        comments=1_870,
    ),
    _post(
        "snow",
        "2025-02-08T07:31:26Z",
        p.KYSTVAKTA,
        "Avalanche search ended 06:50. All four found, all four alive. 🙏",
        Slide("mountains:snow", "Photo of snowy ridges in blue light."),
        likes=71_140,
        comments=2_655,
        state="gone",
    ),
    _post(
        "backstage",
        "2025-06-30T20:00:01Z",
        p.LANTERNA,
        "Dieci minuti.",
        Slide("portrait:backstage", "Ritratto dietro le quinte."),
        likes=4_410,
        comments=39,
        state="private",
        lang="it",
    ),
    _post(
        "polaroid",
        "2013-06-21T17:03:40Z",
        p.CLARA,
        "First evening of summer. #nofilter",
        Slide("dunes:evening", "Photo of a beach in evening light.", width=640, height=640),
        likes=61,
        comments=4,
    ),
    _post(
        "regatta",
        "2019-06-16T14:30:55Z",
        p.ILSE,
        "Windkracht zeven, twee reven, geen droge sok meer. ⛵️ #regatta",
        Slide("sea:sails:regatta", "Foto van zeilboten bij zonsondergang.", height=1080),
        likes=842,
        comments=37,
        lang="nl",
    ),
    _post(
        "solstice",
        "2016-06-20T21:14:08Z",
        p.CLARA,
        "22:14 and I can still read the thermometer.",
        Slide("dunes:evening:solstice", "Photo of a beach in evening light.", height=1080),
        likes=318,
        comments=12,
    ),
    PostFact(
        "instagram",
        "first",
        "fA9uwTtkSN",
        "https://www.instagram.com/p/fA9uwTtkSN/",
        "photo",
        p.MARIT,
        "2013-10-03T18:19:39Z",
        "The first one.",
        (Slide("mountains:dawn", "Photo of mountain ridges fading into morning mist."),),
    ),  # no article's: the living post that the platform's file names as a control
)
