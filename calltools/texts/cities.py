"""Time zones as our readers know them: by their cities, in both languages."""

from typing import Final

#: IANA zone, its cities in English and in Russian, and other words for it in lower case; from west to east.
ZONES: Final = (
    ("Europe/Moscow", "Moscow", "Москва", "мск", "msk", "moskva", "петербург", "санкт-петербург", "спб", "piter",
     "saint petersburg", "st. petersburg", "казань", "kazan", "нижний новгород", "nizhny novgorod", "ростов-на-дону",
     "ростов", "rostov-on-don", "rostov", "краснодар", "krasnodar", "сочи", "sochi", "воронеж", "voronezh", "тула",
     "ярославль", "рязань", "тверь", "пенза", "ставрополь", "utc+3", "+3"),
    ("Europe/Kaliningrad", "Kaliningrad", "Калининград", "utc+2", "+2"),
    ("Europe/Samara", "Samara", "Самара", "тольятти", "togliatti", "ижевск", "izhevsk", "utc+4", "+4"),
    ("Asia/Yekaterinburg", "Yekaterinburg", "Екатеринбург", "екб", "ekaterinburg", "челябинск", "chelyabinsk", "уфа",
     "ufa", "пермь", "perm", "тюмень", "tyumen", "оренбург", "orenburg", "сургут", "surgut", "курган"),
    ("Asia/Omsk", "Omsk", "Омск"),
    ("Asia/Novosibirsk", "Novosibirsk", "Новосибирск", "нск"),
    ("Asia/Krasnoyarsk", "Krasnoyarsk", "Красноярск", "абакан"),
    ("Asia/Irkutsk", "Irkutsk", "Иркутск", "улан-удэ", "ulan-ude", "utc+8", "+8"),
    ("Asia/Vladivostok", "Vladivostok", "Владивосток", "хабаровск", "khabarovsk"),
    ("Europe/Minsk", "Minsk", "Минск"),
    ("Asia/Almaty", "Almaty, Astana", "Алматы, Астана", "алматы", "алма-ата", "астана", "almaty", "astana"),
    ("Asia/Tashkent", "Tashkent", "Ташкент"),
    ("UTC", "UTC, Greenwich", "UTC, по Гринвичу", "gmt", "utc+0"),
)  # fmt: skip
#: Russian names of more cities, in lower case; the English ones are those of IANA.
MORE_CITIES: Final = {
    "волгоград": "Europe/Volgograd", "саратов": "Europe/Saratov", "астрахань": "Europe/Astrakhan",
    "ульяновск": "Europe/Ulyanovsk", "киров": "Europe/Kirov", "симферополь": "Europe/Simferopol",
    "томск": "Asia/Tomsk", "барнаул": "Asia/Barnaul", "новокузнецк": "Asia/Novokuznetsk",
    "кемерово": "Asia/Novokuznetsk", "якутск": "Asia/Yakutsk", "чита": "Asia/Chita", "магадан": "Asia/Magadan",
    "южно-сахалинск": "Asia/Sakhalin", "сахалин": "Asia/Sakhalin", "камчатка": "Asia/Kamchatka",
    "петропавловск-камчатский": "Asia/Kamchatka", "анадырь": "Asia/Anadyr", "киев": "Europe/Kyiv",
    "тбилиси": "Asia/Tbilisi", "ереван": "Asia/Yerevan", "баку": "Asia/Baku", "бишкек": "Asia/Bishkek",
    "душанбе": "Asia/Dushanbe", "самарканд": "Asia/Samarkand", "стамбул": "Europe/Istanbul", "дубай": "Asia/Dubai",
    "берлин": "Europe/Berlin", "лондон": "Europe/London", "рига": "Europe/Riga", "вильнюс": "Europe/Vilnius",
    "таллин": "Europe/Tallinn", "кишинёв": "Europe/Chisinau", "кишинев": "Europe/Chisinau",
    "нью-йорк": "America/New_York",
}  # fmt: skip
#: The zones in one sentence, in both languages: a name of IANA shows an English reader its city.
LISTED: Final = (
    ", ".join(zone for zone, *_ in ZONES),
    ", ".join(f"{zone} — {russian}" if "," not in russian else zone for zone, _, russian, *_ in ZONES),
)
