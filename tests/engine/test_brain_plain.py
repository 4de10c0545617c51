"""Without a dialogue act: a plain conversation with any client of the Realtime protocol."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.engine.brain import Brain, BrainRequest, Item, Reply, ToolSpec

BRAIN = Brain()
ANA = "You are Ana, the receptionist of Moon Bakery. We open at nine in the morning. Always be brief."
WEATHER = ToolSpec(
    "get_weather",
    "Get the current weather for a city",
    {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        },
        "required": ["city"],
    },
)


class Talk:
    """A conversation that grows: what the human says and what the brain answered."""

    def __init__(self, instructions: str = ANA, *tools: ToolSpec) -> None:
        self.items: list[Item] = []
        self.instructions, self.tools = instructions, tools

    def say(self, text: str, instructions: str = "", choice: str = "auto") -> Reply:
        self.items.append(Item("message", "user", text))
        return self.answer(instructions, choice)

    def answer(self, instructions: str = "", choice: str = "auto") -> Reply:
        request = BrainRequest(self.instructions, instructions, "", self.tools, choice)
        reply = BRAIN.respond(self.items, request)
        if reply.text:
            self.items.append(Item("message", "assistant", reply.text))
        return reply


@pytest.mark.parametrize(
    ("human", "answer"),
    [
        ("Hello there", "Ana"),
        ("What's your name?", "Ana, a receptionist"),
        ("Who are you?", "Ana"),
        ("When do you open?", "We open at nine in the morning."),
        ("How are you?", "well"),
        ("What can you do?", "answer"),
        ("What time is it?", "clock"),
        ("Thank you!", "welcome"),
        ("Goodbye", "oodbye"),
        ("Who won the cup?", "not know"),
        ("I had a long day at my work", "you had a long day at your work"),
        ("", "listening"),
    ],
)
def test_simple_things_are_answered(human: str, answer: str) -> None:
    assert answer in Talk().say(human).text


def test_it_greets_when_nobody_has_spoken() -> None:
    assert "Ana" in Talk().answer().text


def test_it_remembers_the_humans_name_and_words() -> None:
    talk = Talk()
    assert "Bob" in talk.say("My name is Bob").text
    assert "Bob" in talk.say("What is my name?").text
    talk.say("The red door is stuck")
    assert "the red door is stuck" in talk.say("What did I just say?").text


def test_it_repeats_what_it_said() -> None:
    talk = Talk()
    first = talk.say("When do you open?").text
    assert talk.say("Can you repeat that?").text == first
    assert "not said anything" in Talk().say("Say that again").text


def test_the_same_remark_gets_another_phrase() -> None:
    talk = Talk()
    assert len({talk.say("Thank you").text for _ in range(3)}) == 3


@pytest.mark.parametrize(
    "order",
    [
        'Say exactly: "Good morning, five colleagues!"',
        "Say exactly: Good morning, five colleagues!",
        'Read the following text aloud: "Good morning, five colleagues!" and nothing else.',
        "Repeat after me: Good morning, five colleagues!",
        'Say "Good morning, five colleagues!" to the user.',
    ],
)
def test_words_that_it_is_told_to_say_are_said_as_they_are(order: str) -> None:
    assert Talk().say("hi", instructions=order).text == "Good morning, five colleagues!"
    assert Talk().say(order).text == "Good morning, five colleagues!"


def test_an_instruction_about_reading_back_is_not_an_order_to_recite() -> None:
    assert "order number" not in Talk("You are Ana. Read back: the order number.").say("Hello").text


def test_a_function_is_called_when_the_words_ask_for_it() -> None:
    reply = Talk(ANA, WEATHER).say("What's the weather in San Francisco today, in celsius?")
    assert [(call.name, json.loads(call.arguments)["city"]) for call in reply.calls] == [
        ("get_weather", "San Francisco")
    ]
    assert json.loads(reply.calls[0].arguments)["unit"] == "celsius"


def test_a_missing_argument_is_asked_for_and_then_used() -> None:
    talk = Talk(ANA, WEATHER)
    asked = talk.say("What is the weather like?")
    assert asked.calls == ()
    assert "city" in asked.text
    reply = talk.say("Lisbon")
    assert json.loads(reply.calls[0].arguments) == {"city": "Lisbon"}


def test_small_talk_calls_nothing() -> None:
    talk = Talk(ANA, WEATHER)
    for words in ("Hello", "How are you?", "My name is Bob", "I like bread", "Goodbye"):
        assert talk.say(words).calls == ()
    assert talk.say("What's the weather in Rome?", choice="none").calls == ()


def test_a_result_is_told_and_not_asked_for_again() -> None:
    talk = Talk(ANA, WEATHER)
    call = talk.say("What's the weather in Rome?").calls[0]
    talk.items += [
        Item("function_call", name=call.name, call_id="c1", arguments=call.arguments),
        Item("function_call_output", call_id="c1", output='{"temperature": 21, "sky": "clear"}'),
    ]
    reply = talk.answer()
    assert "temperature 21 and sky clear" in reply.text
    assert reply.calls == ()


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ('{"error": "no such city"}', "did not work: no such city"),
        ("plain words", "plain words"),
        ("{}", "Done|done"),
        ('{"message": "It rains."}', "It rains"),
    ],
)
def test_results_of_any_form_become_words(output: str, told: str) -> None:
    talk = Talk(ANA, WEATHER)
    talk.items += [
        Item("message", "user", "Weather in Rome"),
        Item("function_call", name="get_weather", call_id="c1", arguments="{}"),
        Item("function_call_output", call_id="c1", output=output),
    ]
    text = talk.answer().text
    assert any(part in text for part in told.split("|"))


def test_a_numeric_argument_is_heard() -> None:
    timer = ToolSpec(
        "set_timer",
        "Start a timer",
        {"properties": {"minutes": {"type": "integer"}}, "required": ["minutes"]},
    )
    reply = Talk(ANA, timer).say("Please set a timer for 5 minutes")
    assert json.loads(reply.calls[0].arguments) == {"minutes": 5}


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.text(max_size=60), max_size=4),
    st.text(max_size=60),
    st.sampled_from(["auto", "none", "required"]),
)
def test_any_conversation_gets_an_answer(human: list[str], instructions: str, choice: str) -> None:
    talk = Talk(instructions, WEATHER)
    for text in human:
        reply = talk.say(text, choice=choice)
        assert reply.text or reply.calls
        assert len(reply.text) < 400
