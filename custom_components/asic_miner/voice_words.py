"""Understands what people say of names, numbers, durations and times of day.

Speech reaches an integration as words without structure: "an hour and a half", "until
tomorrow morning". Words of all languages are in one table each, since none of them means
something else in another one.
"""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
import math
import re
from typing import Final
import unicodedata

ARTICLES: Final = frozenset(
    [
        "the",
        "my",
        "our",
        "of",
        "in",
        "der",
        "die",
        "das",
        "den",
        "dem",
        "des",
        "im",
        "von",
        "vom",
        "mein",
        "meine",
        "meinen",
        "unser",
        "unseren",
        "le",
        "la",
        "les",
        "l",
        "de",
        "du",
        "d",
        "mon",
        "ma",
        "mes",
        "dans",
        "el",
        "los",
        "las",
        "del",
        "mi",
        "mis",
        "en",
        "het",
        "een",
        "mijn",
        "van",
        "gerade",
        "jetzt",
        "nu",
        "ahora",
        "now",
    ]
)
"""Words that belong to no name, at its end neither: "the miner in the garage now"."""
MINER: Final = re.compile(
    r"(miners?|minern|mining|minings|mineurs?|mineros?|mineras?|mineria|whatsminers?|antminers?)$"
)
"""What all our devices are, so that it tells none from another; also at the end of a word."""
ALL: Final = frozenset(
    [
        "all",
        "every",
        "everything",
        "both",
        "alle",
        "allen",
        "alles",
        "beide",
        "beiden",
        "samtliche",
        "tous",
        "toutes",
        "tout",
        "todos",
        "todas",
        "todo",
        "ambos",
        "allemaal",
        "allebei",
    ]
)
SEPARATE: Final = re.compile(r"[^\w,.:]+|(?<=\D)[,.:]|[,.:](?=\D|$)|_")

UNITS: Final[Mapping[str, float]] = {
    **dict.fromkeys(
        ["second", "seconds", "sekunde", "sekunden", "seconde", "secondes", "segundo", "segundos"],
        1,
    ),
    **dict.fromkeys(
        ["m", "min", "mins", "minute", "minutes", "minuten", "minuto", "minutos", "minuut"], 60
    ),
    **dict.fromkeys(
        [
            "h",
            "hr",
            "hrs",
            "hour",
            "hours",
            "std",
            "stunde",
            "stunden",
            "heure",
            "heures",
            "hora",
            "horas",
            "uur",
            "uren",
        ],
        3600,
    ),
    **dict.fromkeys(
        ["day", "days", "tag", "tage", "tagen", "jour", "jours", "dia", "dias", "dag", "dagen"],
        86_400,
    ),
}
"""Seconds."""
ONE: Final = frozenset(
    ["a", "an", "one", "ein", "eine", "einen", "einer", "eins", "un", "une", "uno", "una"]
)
"""As "een" is an article in Dutch, it is here, too, but not left out of durations."""
HALF: Final = frozenset(
    ["half", "halbe", "halben", "halber", "halbes", "demi", "demie", "media", "medio", "halve"]
)
NUMBERS: Final[Mapping[str, float]] = {
    **dict.fromkeys([*sorted(ONE), "een"], 1),
    **dict.fromkeys(["two", "zwei", "deux", "dos", "twee"], 2),
    **dict.fromkeys(["three", "drei", "trois", "tres", "drie"], 3),
    **dict.fromkeys(["four", "vier", "quatre", "cuatro"], 4),
    **dict.fromkeys(["five", "funf", "cinq", "cinco", "vijf"], 5),
    **dict.fromkeys(["six", "sechs", "seis", "zes"], 6),
    **dict.fromkeys(["seven", "sieben", "sept", "siete", "zeven"], 7),
    **dict.fromkeys(["eight", "acht", "huit", "ocho"], 8),
    **dict.fromkeys(["nine", "neun", "neuf", "nueve", "negen"], 9),
    **dict.fromkeys(["ten", "zehn", "dix", "diez", "tien"], 10),
    **dict.fromkeys(["eleven", "elf", "onze", "once"], 11),
    **dict.fromkeys(["twelve", "zwolf", "douze", "doce", "twaalf"], 12),
    **dict.fromkeys(["fifteen", "funfzehn", "quinze", "quince", "vijftien"], 15),
    **dict.fromkeys(["twenty", "zwanzig", "vingt", "veinte", "twintig"], 20),
    **dict.fromkeys(["thirty", "dreissig", "trente", "treinta", "dertig"], 30),
    **dict.fromkeys(["forty", "vierzig", "quarante", "cuarenta", "veertig"], 40),
    **dict.fromkeys(["fifty", "funfzig", "cinquante", "cincuenta", "vijftig"], 50),
    **dict.fromkeys(["sixty", "sechzig", "soixante", "sesenta", "zestig"], 60),
    **dict.fromkeys(["seventy", "siebzig", "septante", "setenta", "zeventig"], 70),
    **dict.fromkeys(["eighty", "achtzig", "huitante", "ochenta", "tachtig"], 80),
    **dict.fromkeys(["ninety", "neunzig", "nonante", "noventa", "negentig"], 90),
    **dict.fromkeys(["hundred", "hundert", "cent", "cien", "honderd"], 100),
    **dict.fromkeys(["anderthalb", "eineinhalb", "anderhalf", "anderhalve"], 1.5),
    **dict.fromkeys(["zweieinhalb", "tweeenhalf", "tweeenhalve"], 2.5),
}
"""Speech recognition writes most numbers in digits; these are the round ones that it may not."""

TOMORROW: Final = frozenset(["tomorrow", "morgen", "demain", "manana", "morgenochtend"])
PARTS: Final[Mapping[str, time]] = {
    # When people who say so get up, eat, come home and go to bed.
    **dict.fromkeys(
        ["morning", "fruh", "morgens", "matin", "madrugada", "ochtend", "morgenochtend"], time(7)
    ),
    **dict.fromkeys(["noon", "midday", "mittag", "midi", "mediodia", "middag"], time(12)),
    **dict.fromkeys(["afternoon", "nachmittag", "tarde", "namiddag"], time(15)),
    **dict.fromkeys(["evening", "tonight", "abend", "soir", "vanavond", "avond"], time(18)),
    **dict.fromkeys(["night", "nacht", "nuit", "noche", "vannacht"], time(22)),
    **dict.fromkeys(["midnight", "mitternacht", "minuit", "medianoche", "middernacht"], time(0)),
}
MORNING: Final = time(7)
"""What "until tomorrow" means: when the house wakes up."""
CLOCK: Final = re.compile(r"^(\d{1,2})(?:[:.h](\d{2}))?(?:h|uhr)?(am|pm)?$")


def words(text: str) -> list[str]:
    """Return the words in lower case, without accents and hyphens."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return [word for word in SEPARATE.split(plain) if word]


def name_key(name: str) -> frozenset[str]:
    """Return what tells a name from others: not its articles, and not that it is a miner."""
    bare = (MINER.sub("", word) for word in words(name) if word not in ARTICLES | ALL)
    return frozenset(word for word in bare if word)


def means_all(name: str) -> bool:
    """Tell whether a name stands for all."""
    return not name_key(name) and not ALL.isdisjoint(words(name))


def number(text: str) -> float | None:
    """Return a number in digits or in words; None if it is none."""
    total, found = 0.0, False
    for word in words(text):
        value = _number(word)
        if value is None:
            return None
        total, found = total + value, True
    return total if found else None


def _number(word: str) -> float | None:
    if word in NUMBERS:
        return NUMBERS[word]
    try:
        found = float(word.replace(",", "."))
    except ValueError:
        return None
    # "Nan" and "infinity" are words here, though Python reads them as numbers.
    return found if math.isfinite(found) else None


def seconds(text: str) -> float | None:
    """Return how long "an hour and a half" is in seconds; None if it is no duration."""
    total, unit = 0.0, 0.0
    amount: float | None = None
    counted = False
    """Whether the amount is more than an article."""
    for word in words(re.sub(r"(\d)\s*([a-z])", r"\1 \2", text.casefold())):
        if word in HALF:
            amount = amount + 0.5 if amount is not None and counted else 0.5
            counted = True
        elif word in UNITS:
            unit = UNITS[word]
            # "Hora y media" has no article.
            total += (1 if amount is None else amount) * unit
            amount, counted = None, False
        elif word in NUMBERS or _number(word) is not None:
            article = NUMBERS.get(word) == 1
            if amount is None or not article:
                amount, counted = _number(word), not article
    if amount == 0.5 and unit:
        # "An hour and a half".
        total += amount * unit
    return total or None


def until(text: str, now: datetime) -> datetime | None:
    """Return the next moment that "tomorrow morning" or "6 pm" means after `now`, or None.

    `now` is in the user's time zone.
    """
    said = words(text)
    clock = _clock(said)
    part = next((PARTS[word] for word in said if word in PARTS), None)
    # "Por la mañana" is the morning, and "mañana" is tomorrow.
    mornings = sum(
        word == "manana" and index > 0 and said[index - 1] == "la"
        for index, word in enumerate(said)
    )
    tomorrow = len([word for word in said if word in TOMORROW]) > mornings
    if mornings and part is None:
        part = MORNING
    if clock is None and part is None and not tomorrow:
        return None
    if clock is not None and part is not None and part >= time(15) and clock < time(12):
        # "6 in the evening".
        clock = clock.replace(hour=clock.hour + 12)
    at = clock or part or MORNING
    then = now.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    if tomorrow:
        # Tomorrow's midnight ends that day.
        return then + timedelta(days=2 if part == time(0) else 1)
    return then if then > now else then + timedelta(days=1)


def _clock(said: list[str]) -> time | None:
    for index, word in enumerate(said):
        rest = said[index + 1 : index + 3]
        if match := CLOCK.match(word):
            hour, minute = int(match[1]), int(match[2] or 0)
            half = match[3] or next((mark for mark in ("am", "pm") if mark in rest), None)
            if not match[2] and rest and rest[0].isdigit() and len(rest[0]) == 2:
                minute = int(rest[0])
            elif not match[2] and len(rest) == 2 and rest[0] in {"uhr", "h", "heures"}:
                minute = int(rest[1]) if rest[1].isdigit() else 0
        elif word in NUMBERS and word not in ONE | {"een"}:
            hour, minute = int(NUMBERS[word]), 0
            half = next((mark for mark in ("am", "pm") if mark in rest), None)
        else:
            continue
        if half == "pm" and hour < 12:
            hour += 12
        elif half == "am" and hour == 12:
            hour = 0
        return time(hour % 24, minute) if hour <= 24 and minute < 60 else None
    return None
