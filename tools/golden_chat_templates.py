#!/usr/bin/env python3
"""Renders conversations with transformers' own renderer and writes what it gave as goldens.

    pip install transformers jinja2 numpy gguf
    tools/golden_chat_templates.py TEMPLATE_FOLDER [MODEL.gguf] [--dump FOLDER]

Writes into tests/golden/model_chat/: cases.json (the conversations), results.json (for each template and case the
text's length and FNV-1a hash, the spans of {% generation %}, or that it raised), texts.json (whole texts for a few
templates), smollm2.jinja (the template inside MODEL.gguf). --dump also writes every text to a folder, to look at.
"""
import argparse
import datetime
import json
import pathlib
import re

import transformers.utils.chat_template_utils as renderer

ROOT = pathlib.Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests/golden/model_chat"
NOW = datetime.datetime(2025, 2, 3, 4, 5, 6)
WHOLE = ("Qwen-Qwen3-0.6B", "meta-llama-Llama-3.1-8B-Instruct", "smollm2", "openai-gpt-oss-120b")

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city: \"now\" & <soon>",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "name of the city, e.g. Zürich"},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"], "default": "celsius"},
                "days": {"type": ["integer", "null"], "minimum": 1, "maximum": 14.5},
                "where": {"type": "object", "properties": {"lat": {"type": "number"}, "lon": {"type": "number"}}},
                "tags": {"type": "array", "items": {"type": "string"}},
                "any": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            },
            "required": ["city"],
        },
        "return": {"type": "string", "description": "text"},
    },
}
SEARCH = {"type": "function", "function": {"name": "search", "description": "Finds documents",
                                           "parameters": {"type": "object", "properties": {"q": {"type": "string"}}}}}
BARE = {"type": "function", "function": {"name": "ping", "description": "", "parameters": {}}}


def user(text):
    return {"role": "user", "content": text}


def assistant(text, **more):
    return {"role": "assistant", "content": text, **more}


def system(text):
    return {"role": "system", "content": text}


def call(name, arguments, call_id="call12345"):
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def tool(text, call_id="call12345", **more):
    return {"role": "tool", "tool_call_id": call_id, "content": text, **more}


def cases():
    hello = [user("Hello, who are you?")]
    turns = [user("Hi"), assistant("Hello! How can I help?"), user("What is 2+2?")]
    three = turns + [assistant("4"), user("And 3+3?"), assistant("  6\n"), user(" thanks  ")]
    with_system = [system("You are terse.\nVery.")] + turns
    called = [user("Weather in Bern?"), assistant("", tool_calls=[call("get_weather", {"city": "Bern", "days": 2})]),
              tool("{\"temp\": 21.5}", name="get_weather")]
    called_text = [user("Weather in Bern?"),
                   assistant("", tool_calls=[call("get_weather", "{\"city\": \"Bern\"}")]), tool("sunny", name="get_weather")]
    called_null = [user("Weather?"), assistant(None, tool_calls=[call("get_weather", {"city": "B<>&'\"é", "tags": ["a", 1, True, None, 2.0]})]),
                   tool("ok", name="get_weather"), assistant("It is ok."), user("Sure?")]
    parallel = [system("Use tools."), user("Weather in Bern and Rome?"),
                assistant("Let me see.", tool_calls=[call("get_weather", {"city": "Bern"}, "call00001"),
                                                     call("search", {"q": "Rome"}, "call00002")]),
                tool("rain", "call00001", name="get_weather"), tool("found", "call00002", name="search")]
    thinking = [user("2+2?"), assistant("4", reasoning_content="Two and two.\nFour."), user("sure?"),
                assistant("Yes", reasoning_content="Again."), user("3+3?")]
    inline = [user("2+2?"), assistant("<think>\nTwo and two.\n</think>\n\n4"), user("sure?")]
    thinking_tools = [user("Weather?"), assistant("Asking", reasoning_content="Need the tool.",
                                                  tool_calls=[call("get_weather", {"city": "Bern"})]),
                      tool("sun", name="get_weather"), assistant("Sun.", reasoning_content="Got it."), user("Thanks")]
    parts = [user([{"type": "text", "text": "What is"}, {"type": "text", "text": " this?"}])]
    image = [user([{"type": "image"}, {"type": "text", "text": "What is this?"}])]
    documents = [{"title": "Bern", "text": "Capital of Switzerland."}, {"title": "Rome", "text": "Capital of Italy.", "id": 7}]
    gen = {"add_generation_prompt": True}
    tools = {"tools": [WEATHER, SEARCH]}
    listed = {
        "hello": (hello, gen), "hello_no_prompt": (hello, {}),
        "turns": (turns, gen), "turns_closed": (turns + [assistant("4")], {}),
        "three": (three, gen), "system": (with_system, gen), "system_only": ([system("Only system.")], gen),
        "empty": ([], gen), "empty_content": ([user("")], gen), "empty_system": ([system(""), user("Hi")], gen),
        "developer": ([{"role": "developer", "content": "Be kind."}, user("Hi")], gen),
        "unknown_role": ([{"role": "narrator", "content": "Once."}, user("Hi")], gen),
        "assistant_first": ([assistant("Hi, I begin."), user("Hm")], gen),
        "two_users": ([user("a"), user("b")], gen), "two_assistants": ([user("a"), assistant("b"), assistant("c")], {}),
        "late_system": ([user("a"), assistant("b"), system("Now rhyme."), user("c")], gen),
        "unicode": ([system("Sei nett — 你好"), user("Zürich? 🙂 <b>&amp;</b> \"q\" 'p' {{ x }} {% y %}")], gen),
        "spaces": ([system("  sys  "), user("\n\n hi \t\n"), assistant(" \n yes \n"), user("ok ")], gen),
        "parts": (parts, gen), "parts_system": ([{"role": "system", "content": [{"type": "text", "text": "S"}]}] + parts, gen),
        "image": (image, gen), "parts_assistant": ([user("x"), assistant([{"type": "text", "text": "y"}]), user("z")], gen),
        "tools": (hello, {**gen, **tools}), "tools_system": (with_system, {**gen, **tools}),
        "tools_bare": (hello, {**gen, "tools": [BARE]}), "tools_empty": (hello, {**gen, "tools": []}),
        "tools_flat": (hello, {**gen, "tools": [WEATHER["function"]]}),
        "called": (called, {**gen, **tools}), "called_no_tools": (called, gen), "called_open": (called[:2], tools),
        "called_text": (called_text, {**gen, **tools}), "called_null": (called_null, {**gen, **tools}),
        "parallel": (parallel, {**gen, **tools}), "parallel_done": (parallel + [assistant("Rain; found."), user("Thanks")], {**gen, **tools}),
        "called_short_id": ([called[0], assistant("", tool_calls=[call("search", {}, "x")]), tool("r", "x")], {**gen, **tools}),
        "called_no_id": ([called[0], {"role": "assistant", "tool_calls": [{"type": "function", "function": {"name": "search", "arguments": {}}}]},
                          {"role": "tool", "content": "r"}], {**gen, **tools}),
        "tool_parts": (called[:2] + [tool([{"type": "text", "text": "part"}])], {**gen, **tools}),
        "tool_json": (called[:2] + [tool({"temp": 21.5, "ok": True, "none": None})], {**gen, **tools}),
        "thinking": (thinking, gen), "thinking_closed": (thinking[:2], {}), "thinking_inline": (inline, gen),
        "thinking_inline_closed": (inline[:2], {}), "thinking_tools": (thinking_tools, {**gen, **tools}),
        "thinking_tools_open": (thinking_tools[:3], {**gen, **tools}),
        "thinking_alias": ([user("a"), assistant("b", reasoning="old name"), user("c")], gen),
        "thinking_on": (turns, {**gen, "enable_thinking": True, "thinking": True}),
        "thinking_off": (turns, {**gen, "enable_thinking": False, "thinking": False}),
        "thinking_off_tools": (thinking_tools, {**gen, **tools, "enable_thinking": False}),
        "effort_high": (turns, {**gen, "reasoning_effort": "high"}), "effort_low": (turns, {**gen, **tools, "reasoning_effort": "low"}),
        "effort_none": (turns, {**gen, "reasoning_effort": "none"}), "effort_odd": (turns, {**gen, "reasoning_effort": "maybe"}),
        "keep_thinking": (thinking_tools, {**gen, "preserve_thinking": True, "clear_thinking": False, "keep_past_thinking": True}),
        "builtin_tools": (turns, {**gen, **tools, "builtin_tools": ["browser", "python", "wolfram_alpha"], "code_interpreter": True}),
        "tools_in_user": (turns, {**gen, **tools, "tools_in_user_message": False}),
        "xml_tools": (turns, {**gen, **tools, "xml_tools": ["def f(): pass"], "python_tools": ["def g(): pass"]}),
        "date": (turns, {**gen, "date_string": "1 Jan 2030", "current_date": "2030-01-01", "model_identity": "You are X."}),
        "documents": (turns, {**gen, "documents": documents}), "documents_tools": (with_system, {**gen, **tools, "documents": documents}),
        "citations": (turns, {**gen, "documents": documents, "controls": {"citations": True, "hallucinations": True, "length": "short"}}),
        "no_content": ([{"role": "user"}], gen), "no_role": ([{"content": "x"}], gen), "null_content": ([user("a"), assistant(None), user("b")], gen),
        "no_tokens": (turns, {**gen, "bos_token": None, "eos_token": None}),
        "unset_tokens": (turns, {**gen, "unset": True}),
        "continue": (turns + [assistant("It is  ")], {"continue_final_message": True}),
        "continue_trim": ([user("a"), assistant(" x y \n ")], {"continue_final_message": True}),
        "continue_parts": ([user("a"), assistant([{"type": "text", "text": "so"}])], {"continue_final_message": True}),
        "continue_thinking": ([user("a"), assistant("", reasoning_content="I think ")], {"continue_final_message": "reasoning_content"}),
        "continue_user": (turns, {"continue_final_message": True}),
        "continue_none": ([user("a"), assistant(None)], {"continue_final_message": True}),
        "weight": ([user("a"), {"role": "assistant", "content": "b", "name": "bot", "weight": 0, "prefix": True}], {}),
        "many": ([m for i in range(20) for m in (user(f"q{i}"), assistant(f"a{i}", reasoning_content=f"r{i}"))] + [user("end")], {**gen, **tools}),
    }
    out = {}
    for name, (messages, options) in listed.items():
        options = dict(options)
        if not options.pop("unset", False):
            options = {"bos_token": "<s>", "eos_token": "</s>", **options}
        out[name] = {"messages": messages, **options}
    return out


class FixedClock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return NOW


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


def render(template, case):
    kwargs = json.loads(json.dumps(case))
    messages = kwargs.pop("messages")
    mask = bool(re.search(r"\{%-?\s*generation\s*-?%\}", template))
    texts, spans = renderer.render_jinja_template(
        conversations=[messages], chat_template=template, return_assistant_tokens_mask=mask, **kwargs)
    text = texts[0]
    in_bytes = [[len(text[:a].encode()), len(text[:b].encode())] for a, b in (spans[0] if spans else [])]
    return text, in_bytes


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("templates", type=pathlib.Path)
    arguments.add_argument("gguf", type=pathlib.Path, nargs="?")
    arguments.add_argument("--dump", type=pathlib.Path)
    given = arguments.parse_args()
    renderer.datetime = FixedClock
    GOLDEN.mkdir(parents=True, exist_ok=True)
    if given.gguf:
        import gguf

        field = gguf.GGUFReader(given.gguf).get_field("tokenizer.chat_template")
        (GOLDEN / "smollm2.jinja").write_bytes(bytes(field.parts[field.data[0]]))
    listed = cases()
    results, texts = {}, {}
    for path in sorted(given.templates.glob("*.jinja")) + [GOLDEN / "smollm2.jinja"]:
        template = path.read_text(encoding="utf-8")
        results[path.stem] = {}
        for name, case in listed.items():
            try:
                text, spans = render(template, case)
            except Exception as error:  # every way a template can fail must fail here too
                results[path.stem][name] = {"error": f"{type(error).__name__}: {error}"[:200]}
                continue
            data = text.encode("utf-8", "surrogatepass")
            results[path.stem][name] = {"bytes": len(data), "fnv1a": f"{fnv1a(data):016x}", **({"spans": spans} if spans else {})}
            if path.stem in WHOLE:
                texts.setdefault(path.stem, {})[name] = text
            if given.dump:
                given.dump.mkdir(parents=True, exist_ok=True)
                (given.dump / f"{path.stem}.{name}.txt").write_bytes(data)
    for file, content in (("cases", listed), ("results", results), ("texts", texts)):
        (GOLDEN / f"{file}.json").write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    raised = sum("error" in one for row in results.values() for one in row.values())
    print(f"{len(results)} templates x {len(listed)} cases, {raised} raise")


if __name__ == "__main__":
    main()
