"""A session's notices, in the order in which a whole session tells them: what tests and pictures play."""

from __future__ import annotations

from wire_double import WireDouble

from orchestration import notices
from orchestration.brief import AnswerSource, Brief
from orchestration.notices import Word
from orchestration.workflow import MOENTREPRISE, QUESTIONS

ANSWERS = {
    "name": "Lantern and Loaf",
    "offer": "Sourdough bread, cinnamon buns and slow breakfasts, baked in a wood oven every night",
    "audience": "Families of the neighbourhood and early commuters on their way to the station",
    "difference": "We mill our own heritage grain, and every loaf rests for two days before it is baked",
    "pages": "Home, our breads, the bakers, opening hours and contact",
    "style": "Warm cream and dark brown, calm and handmade, with a touch of copper",
}
FINDINGS = [
    {
        "title": "What customers look for first",
        "text": "Opening hours, today's breads and the way there: three of four visits come from a phone.",
        "source": "Moentreprise trade catalogue, bakery",
    },
    {
        "title": "What sets bakeries apart",
        "text": "Own milling is rare and easily shown: a picture of the mill says more than a list.",
        "source": "https://example.org/bakeries",
    },
]
SITES: list[dict[str, object]] = [
    {
        "url": "https://www.crust.example/",
        "title": "Crust & Co, bakers since the night before",
        "summary": "Organic bread from a wood oven, every morning from six, and coffee with it.",
        "headings": ["Our bread", "Opening hours", "Find us"],
        "named": True,
        "reason": "",
        "picture": "/sessions/s1/assets/site-0123456789ab.webp",
    },
    {
        "url": "https://loaf.example/breads",
        "title": "Loaf",
        "summary": "Sourdough by post.",
        "headings": ["Loaf"],
        "named": False,
        "reason": "",
        "picture": "",
    },
    {"url": "https://gone.example/", "named": True, "reason": "there is no site of that name", "picture": ""},
]
POST_TEXT = (
    "Every night, while the street sleeps, our wood oven is at work.\n\n"
    "Lantern and Loaf is sourdough from heritage grain that we mill ourselves, rested for two days, "
    "and ready when you pass on your way to the station.\n\n"
    "Come by for a slow breakfast.\n\n#sourdough #bakery #neighbourhood"
)
LINES = [
    "reading the brief: 6 answers",
    "palette: cream #fbf3e6, brown #6b4226, copper #b8733f",
    "writing index.html",
    "writing breads.html",
    "writing bakers.html",
    "writing hours.html",
    "writing contact.html",
    "checking links: 5 pages, 20 links, all good",
]
SUMMARY: dict[str, object] = {
    "name": "Lantern and Loaf",
    "answered": 6,
    "pages": 5,
    "research": {"status": "done", "headline": "People choose a bakery for bread that they can trust."},
    "site": {"status": "built", "pages": [{"title": title} for title in ("Home", "Our breads", "Contact")]},
    "post": {
        "status": "drafted",
        "outcome": {"status": "draft", "reason": "no LinkedIn account is connected"},
    },
}


def brief_of(answered: int) -> Brief:
    brief = Brief.of(MOENTREPRISE.questions)
    for question in QUESTIONS[:answered]:
        brief = brief.with_answer(question.key, ANSWERS[question.key], AnswerSource.VOICE)
    return brief


async def speak(double: WireDouble, turn: str, speaker: str, text: str, word_ms: int = 260) -> None:
    """Begin a turn with one sentence that begins to sound now."""
    rtp = double.rtp_now() + 2 * 960
    words = tuple(Word(word, n * word_ms, (n + 1) * word_ms) for n, word in enumerate(text.split()))
    if double.hum:
        double.hum.sounding = True
    await double.tell(
        notices.TurnStarted(turn, speaker, "ask", rtp),
        notices.Caption(turn, speaker, text, rtp, 0, len(words) * word_ms, words),
    )


async def fall_silent(double: WireDouble, turn: str, speaker: str, text: str = "", cut: bool = False) -> None:
    if double.hum:
        double.hum.sounding = False
    await double.tell(notices.TurnEnded(turn, speaker, text, 1000, cut))


async def phase(double: WireDouble, name: str, index: int) -> None:
    await double.tell(notices.PhaseEntered(name, index, 7))


async def greeting(double: WireDouble) -> None:
    await double.tell(notices.SessionState("live"), notices.BriefUpdated(brief_of(0)))
    await phase(double, "greeting", 0)
    text = "Welcome! I am Marcus, and this is the team that will build your business with you."
    await speak(double, "t1", "marcus", text)


async def interview(double: WireDouble, asked: int = 3) -> None:
    """Question `asked` (from 1) is open; the ones before it are answered."""
    await phase(double, "interview", 1)
    question = QUESTIONS[asked - 1]
    await double.tell(
        notices.BriefUpdated(brief_of(asked - 1)),
        notices.HumanHeard(ANSWERS[QUESTIONS[asked - 2].key], QUESTIONS[asked - 2].key, 0.9, False),
        notices.QuestionAsked(question.key, question.title, question.text, asked, 6),
    )
    await speak(double, f"q{asked}", "sarah", f"Lovely, thank you. {question.text}")


async def listening(double: WireDouble) -> None:
    await fall_silent(double, "q3", "sarah")
    await double.tell(notices.HumanListening(True))


async def recording(double: WireDouble) -> None:
    await double.tell(notices.RecordingChanged(True, "human", 0))


async def researching(double: WireDouble) -> None:
    await double.tell(notices.HumanListening(False), notices.BriefUpdated(brief_of(6)))
    await phase(double, "ideation_prep", 2)
    await double.tell(
        notices.JobStarted("j1", "research", "Looking at your market"),
        notices.JobProgress("j1", "research", 40, "Reading the catalogue for bakeries"),
    )


async def researched(double: WireDouble) -> None:
    await double.tell(
        notices.JobDone("j1", "research"),
        notices.ResearchReady(
            {
                "status": "done",
                "provider": "catalogue",
                "offline": True,
                "trade": "bakery",
                "headline": "People choose a bakery for bread that they can trust, and for its hours.",
                "findings": FINDINGS,
                "keywords": ["sourdough", "heritage grain", "wood oven", "breakfast"],
                "sites": [],
            }
        ),
    )
    await phase(double, "ideation", 3)
    await speak(double, "t4", "maya", "People choose a bakery for bread that they can trust.")


async def searched(double: WireDouble) -> None:
    """Another research than `researched`: with a search of the web, and sites."""
    await double.tell(
        notices.JobDone("j1", "research"),
        notices.ResearchReady(
            {
                "status": "done",
                "provider": "Brave",
                "offline": False,
                "because": "",
                "headline": "Of two sites that I read, both speak of prices and opening hours.",
                "findings": FINDINGS,
                "keywords": ["sourdough", "heritage grain"],
                "sites": SITES,
            }
        ),
    )
    await phase(double, "ideation", 3)


async def building(double: WireDouble) -> None:
    await fall_silent(double, "t4", "maya")
    await double.tell(
        notices.JobStarted("j2", "website", "Building your website"),
        notices.JobLog("j2", "website", 0, tuple(LINES)),
        notices.JobProgress("j2", "website", 62, "Writing the pages, 5 of 8"),
    )


async def watching(double: WireDouble) -> None:
    """The site is seen while it is written."""
    await double.tell(notices.SiteBuilding("/preview/live/", True))


async def showcase(double: WireDouble) -> None:
    pages = [{"title": title, "path": "index.html"} for title in ("Home", "Our breads", "The bakers")]
    await double.tell(notices.SiteBuilding("", False), notices.JobDone("j2", "website"))
    await phase(double, "showcase", 4)
    await double.tell(
        notices.SiteReady("/preview/demo/", {"pages": pages, "files": 9, "bytes": 48000, "seconds": 0.4})
    )
    text = "Your site is ready: five pages, in cream and brown, with your breads first."
    await speak(double, "t5", "alex", text)


async def approval(double: WireDouble, name: str = "a1") -> None:
    await fall_silent(double, "t5", "alex")
    await phase(double, "marketing", 5)
    post = {"text": POST_TEXT, "image": "post.png", "alt": "A card with the name of the bakery"}
    await double.tell(
        notices.PostDrafted(POST_TEXT, "/sessions/s1/assets/post.png", "A card with the name of the bakery"),
        notices.ApprovalRequested(name, "publish", dict(post), "0" * 64, 900_000),
    )
    await speak(double, "t6", "sophie", "Here is a first post for you. Tap approve if you like it.")


async def resolved(double: WireDouble) -> None:
    await fall_silent(double, "t6", "sophie")
    await double.tell(
        notices.ApprovalResolved("a1", "approve"),
        notices.PostPublished("draft", "", "no LinkedIn account is connected"),
    )


async def completed(double: WireDouble) -> None:
    await phase(double, "closing", 6)
    await double.tell(notices.SessionCompleted(SUMMARY), notices.SessionState("completed"))
