#!/usr/bin/env python3
"""How well ways of cutting find places in long documents, when the same number of bytes is read.

    ATELIER_HOME=HOME tools/chunk_recall.py FOLDER tests/knowledge/questions/open.jsonl --way auto:256 --way sentence:128

For each way a corpus of the folder's Markdown is made and searched as configured. Asked: the questions that the folder
answers. Known: four words, drawn from a seed, of each of 300 sentences. A place counts as read where nine tenths of it lie
in the best passages that fit the budget together (the first always counts). Figures stand in docs/knowledge.md.
"""
import argparse
import json
import pathlib
import random
import re
import subprocess
import tempfile
import time
import urllib.request

ATELIER = pathlib.Path(__file__).resolve().parents[1] / "build/release/atelier"
BUDGETS, SENTENCES, WORDS = (1500, 3000, 6000), 300, 4
STOP = set("a an the and or of to in on at by for with is are was be it its that this as not no if what which how one each "
           "they from has have can may so than then them their where when who".split())


def asked(documents, path):
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        places = [(pathlib.Path(gold["document"]).name, gold["quote"].encode()) for gold in row["gold"]]
        if row["answerable"] and all(name in documents for name, _ in places):
            spans = [(name, documents[name].find(quote), len(quote)) for name, quote in places]
            yield "asked", row["question"], [(name, at, at + size) for name, at, size in spans if at >= 0]


def known(documents):
    draw = random.Random(5)
    sentences = [(name, match.start(), match.end(), match.group().decode()) for name, text in documents.items()
                 for match in re.finditer(rb"[A-Z][^.|#]{60,240}\.(?=\s)", text)]
    for name, begin, end, text in draw.sample(sentences, min(SENTENCES, len(sentences))):
        words = [word for word in dict.fromkeys(re.findall(r"[A-Za-z_]{3,}", text)) if word.lower() not in STOP]
        if len(words) > WORDS:
            yield "known", " ".join(draw.sample(words, WORDS)), [(name, begin, end)]


def is_read(hits, places, documents, budget):
    used, read = 0, []
    for hit in hits:
        text = hit["content"][0]["text"].encode()
        if used and used + len(text) > budget:
            break
        used += len(text)
        name = pathlib.Path(hit["filename"]).name
        at = documents[name].find(text)
        if at >= 0:
            read.append((name, at, at + len(text)))
    return any(sum(any(at == name and first <= byte < last for at, first, last in read) for byte in range(begin, end)) >=
               0.9 * (end - begin) for name, begin, end in places)


def search(url, query):
    body = json.dumps({"query": query, "max_num_results": 50}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)["data"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("questions", type=pathlib.Path)
    parser.add_argument("--way", action="append", required=True, help="METHOD:LIMIT")
    parser.add_argument("--port", type=int, default=18999)
    options = parser.parse_args()
    documents = {path.name: path.read_bytes() for path in sorted(options.folder.glob("*.md"))}
    questions = [*asked(documents, options.questions), *known(documents)]
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder) / "atelier.yaml"
        lines = ["corpora:"]
        for way in options.way:
            method, limit = way.split(":")
            lines.append(f"  - {{name: cut_{method}_{limit}, folder: {options.folder.resolve()}, include: ['*.md'], "
                         f"chunking: {{method: {method}, limit: {limit}}}}}")
        config.write_text("\n".join(lines) + "\n")
        command = [ATELIER, "--config", config]
        for way in options.way:
            subprocess.run([*command, "index", "-c", f"cut_{way.replace(':', '_')}"], check=True, stdout=subprocess.DEVNULL)
        server = subprocess.Popen([*command, "serve", "--port", str(options.port)], stdout=subprocess.PIPE, text=True)
        try:
            server.stdout.readline()  # "listening on ..."
            for way in options.way:
                url = f"http://127.0.0.1:{options.port}/v1/vector_stores/cut_{way.replace(':', '_')}/search"
                started, read = time.monotonic(), {}
                for kind, question, places in questions:
                    hits = search(url, question)
                    for budget in BUDGETS:
                        read.setdefault((kind, budget), []).append(is_read(hits, places, documents, budget))
                figures = "  ".join(f"{kind} {budget}: {sum(got) / len(got):.4f}" for (kind, budget), got in read.items())
                print(f"{way}  {figures}  ({len(questions)} questions, {time.monotonic() - started:.0f} s)", flush=True)
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
