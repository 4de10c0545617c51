"""The phase table, as data: who speaks, with which dialogue act, and what each step waits for.

Another workflow is another table: the conversation machine knows only these types. A step that
offers a tool names it; what the tool does is in `orchestration.tools`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from orchestration.brief import Expects, Question

FAILURE = "report_failure"
"""The act that tells a failure where the step has none of its own; of a publication its own act says it."""
FAILED, DEGRADED, FORMER = "failed", "degraded", "former"
BECAUSE = ("because", "text_because")
"""Where a result says why it is not what it is when all is well."""


class Wait(StrEnum):
    """What must have happened after a step's turn was heard, before the next step is heard."""

    NOTHING = "nothing"
    ANSWER = "answer"
    """The human's answer to the step's question."""
    RESULT = "result"
    """The result of the tool that the step calls."""
    OPINION = "opinion"
    """A word of the human's on what the step shows; a silence goes on as well."""
    APPROVAL = "approval"
    """The human's decision on the payload that the step shows, and what came of it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One turn of the script.

    `tool` is the function that the turn is expected to call; `chooses` are the speakers that it may
    name in `select_next_speaker`; `context` are the kinds of fact that it needs.
    """

    speaker: str
    act: str
    wait: Wait = Wait.NOTHING
    question: str = ""
    tool: str = ""
    chooses: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    reports: str = ""
    """The kind of job whose result the turn reports. A failure is told as one; without a result
    the step is left out."""
    instead: tuple[tuple[str, str], ...] = ()
    """What became of it → the act that tells that, in the place of `act`: a result's status, `degraded`
    for what is there but not as it is when all is well (the result says why), or `former` for what could not
    be made again."""

    def act_for(self, result: Mapping[str, object], former: bool = False) -> str:
        """The act that reports this result, {} for none yet. `former`: it could not be made again."""
        came = str(result.get("status", ""))
        if came != FAILED and former and self.tells_former:
            came = FORMER
        elif came != FAILED and any(result.get(why) for why in BECAUSE):
            came = DEGRADED
        usual = FAILURE if came == FAILED and self.reports != "publish" else self.act
        return dict(self.instead).get(came, usual)

    @property
    def tells_former(self) -> bool:
        """Whether the step tells that what it reports could not be made again."""
        return FORMER in dict(self.instead)

    def shows(self, act: str) -> bool:
        """Whether this act of the step shows what was made; the report of a failure shows nothing."""
        return act not in (FAILURE, dict(self.instead).get(FAILED))


@dataclass(frozen=True, slots=True)
class Phase:
    name: str
    title: str
    steps: tuple[Step, ...]
    patience_ms: int = 900
    """How long the human may think in the middle of an answer."""


@dataclass(frozen=True, slots=True)
class Workflow:
    questions: tuple[Question, ...]
    phases: tuple[Phase, ...]

    def speakers(self) -> frozenset[str]:
        return frozenset(step.speaker for phase in self.phases for step in phase.steps)


QUESTIONS = (
    Question(
        "name",
        "Business name",
        "What is the name of your business?",
        ("name", "business name", "company name", "name of the business"),
        expects=Expects.NAME,
    ),
    Question(
        "offer",
        "What you offer",
        "What do you offer, and what do people come to you for?",
        ("offer", "product", "products", "service", "services"),
    ),
    Question(
        "audience", "Who it is for", "Who are your customers?", ("audience", "customers", "target group")
    ),
    Question(
        "difference", "What makes you special", "What makes you different from the others?", ("difference",)
    ),
    Question("pages", "Pages of the site", "Which pages should your website have?", ("pages",)),
    Question(
        "style",
        "Look and feel",
        "Which colours and which mood should it have?",
        ("style", "colour", "colours", "color", "colors", "mood"),
        expects=Expects.COLOUR,
    ),
)
CONTACT = Question(
    "contact",
    "Contact",
    "How can people reach you?",
    hint="Optional: phone, e-mail, address, opening hours",
    asked=False,
)
"""For the website. Whatever the human says of it outside of an answer is kept there (`rules.contact`)."""


def _ask(question: Question) -> Step:
    return Step("sarah", "ask", Wait.ANSWER, question=question.key, context=("answer", "question"))


ONCE_MORE = Step(
    "sarah", "ask_once_more", Wait.ANSWER, question=QUESTIONS[0].key, context=("answer", "question")
)
"""Without the name a site has no title: where it is open still after the other questions, this asks again."""


MOENTREPRISE = Workflow(
    questions=(*QUESTIONS, CONTACT),
    phases=(
        Phase(
            "greeting",
            "Welcome",
            (Step("marcus", "greet", chooses=("sarah",), context=("team", "next", "brief")),),
        ),
        Phase(
            "interview",
            "Interview",
            (
                *(_ask(question) for question in QUESTIONS),
                ONCE_MORE,
                Step("sarah", "wrap_up", context=("answer", "brief")),
            ),
            patience_ms=1700,
        ),
        Phase(
            "ideation_prep",
            "Research",
            (
                Step("marcus", "hand_over", chooses=("maya",), context=("brief", "next")),
                Step("maya", "start_research", Wait.RESULT, tool="research_market", context=("brief",)),
            ),
        ),
        Phase(
            "ideation",
            "Ideas",
            (
                Step("maya", "report_research", reports="research"),
                Step("alex", "start_build", Wait.RESULT, tool="build_website", context=("brief",)),
            ),
        ),
        Phase(
            "showcase",
            "Your website",
            (
                Step(
                    "alex",
                    "show_site",
                    Wait.OPINION,
                    context=("contact",),
                    reports="website",
                    instead=((FORMER, "show_former_site"),),
                ),
            ),
        ),
        Phase(
            "marketing",
            "Your post",
            (
                Step("marcus", "hand_over", chooses=("sophie",), context=("brief", "next")),
                Step("sophie", "start_post", Wait.RESULT, tool="draft_post", context=("brief",)),
                Step(
                    "sophie",
                    "present_post",
                    Wait.APPROVAL,
                    tool="publish_post",
                    reports="post",
                    instead=((FAILED, "post_failed"), (DEGRADED, "present_plain_post")),
                ),
                Step(
                    "sophie",
                    "report_post",
                    reports="publish",
                    instead=(("draft", "report_draft"), ("published", "report_published")),
                ),
            ),
        ),
        Phase("closing", "Goodbye", (Step("marcus", "close", context=("summary",)),)),
    ),
)
