#!/usr/bin/env python3
"""How often a model cites what `file_search` showed it, and how rightly.

    atelier serve &
    tools/file_search_citing.py CORPUS tests/knowledge/questions/open.jsonl --model smollm2-135m-instruct

Asks each question with file_search over the corpus (or vector store) and reads the numbers that became annotations. A
citation names the right file where that file answers the question, and the right passage where the passage of its number
holds half of a gold quote. "best passage" is what citing the first passage each time would give. Figures stand in
docs/knowledge.md.
"""
import argparse
import json
import pathlib
import re
import statistics
import time
import urllib.request


def respond(options, question):
    body = {"model": options.model, "input": question, "temperature": 0, "max_output_tokens": 200,
            "include": ["file_search_call.results"],
            "tools": [{"type": "file_search", "vector_store_ids": [options.corpus], "max_num_results": options.results}]}
    request = urllib.request.Request(options.url + "/v1/responses", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=600) as answer:
        output = json.load(answer)["output"]
    found = [result for item in output if item["type"] == "file_search_call" for result in item["results"]]
    said = next(part for item in output if item["type"] == "message" for part in item["content"])
    return found, said["text"], said["annotations"]


def holds(passage, gold):
    """Whether half of a gold quote stands in the passage: one of its halves, or the middle."""
    for place in gold:
        quote, half = place["quote"], len(place["quote"]) // 2
        if any(quote[begin:begin + half] in passage["text"] for begin in (0, half // 2, len(quote) - half)):
            return True
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", help="a corpus's name, or a vector store's id")
    parser.add_argument("questions", type=pathlib.Path)
    parser.add_argument("--model", required=True)
    parser.add_argument("--url", default="http://127.0.0.1:8910")
    parser.add_argument("--results", type=int, default=6)
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.questions.read_text(encoding="utf-8").splitlines()]
    figures = {True: [], False: []}
    for row in rows:
        started = time.monotonic()
        found, text, annotations = respond(options, row["question"])
        files = {pathlib.Path(place["document"]).name for place in row["gold"]}
        cited = [int(re.match(r"\[(\d+)", text[note["index"]:]).group(1)) - 1 for note in annotations
                 if re.match(r"\[\d+", text[note["index"]:])]
        figures[row["answerable"]].append({
            "citations": len(annotations),
            "right_files": sum(pathlib.Path(note["filename"]).name in files for note in annotations),
            "right_passages": sum(0 <= at < len(found) and holds(found[at], row["gold"]) for at in cited),
            "best": bool(found) and holds(found[0], row["gold"]),
            "read": any(holds(passage, row["gold"]) for passage in found),
            "seconds": time.monotonic() - started})
    for answerable, all_of in figures.items():
        total = {key: sum(one[key] for one in all_of) for key in ("citations", "right_files", "right_passages", "best", "read")}
        citing = sum(one["citations"] > 0 for one in all_of)
        print(f"{'answerable' if answerable else 'unanswerable'}: {len(all_of)} questions, {citing} answers cite, "
              f"{total['citations']} citations, right file {total['right_files']}, right passage {total['right_passages']} "
              f"(in {sum(one['right_passages'] > 0 for one in all_of)} answers); best passage right {total['best']}, gold "
              f"among those found {total['read']}; median {statistics.median(one['seconds'] for one in all_of):.1f} s")


if __name__ == "__main__":
    main()
