#!/usr/bin/env python3
"""Makes BEIR folders of the classic judged collections (Cranfield, CISI, CACM, NPL), for `atelier eval retrieval`.

These were judged decades before BEIR, about other subjects, and nothing in this program is fitted on them: they show
whether what was fitted elsewhere holds. Their files go by many names; each is given whole:

    judged_sets.py smart OUT --documents cran.all.1400 --queries cran.qry --relevant cranqrel --in-turn
    judged_sets.py smart OUT --documents CISI.ALL --queries CISI.QRY --relevant CISI.REL
    judged_sets.py smart OUT --documents cacm.all --queries query.text --relevant qrels.text
    judged_sets.py npl OUT --documents doc-text --queries query-text --relevant rlv-ass
"""

import argparse
import json
import pathlib
import re


def smart_records(text):
    """Of a file whose records begin with `.I NUMBER` and whose fields begin with a dot and a letter: (number, fields)."""
    for record in re.split(r"^\.I\s+", text, flags=re.M)[1:]:
        number, _, rest = record.partition("\n")
        parts = re.split(r"^\.([A-Z])[ \t]*\n", rest, flags=re.M)
        fields = dict(zip(parts[1::2], (" ".join(part.split()) for part in parts[2::2])))
        yield int(number), fields


def npl_records(text):
    """Of a file of a number on a line of its own, words, and a slash: (number, words)."""
    for record in text.split("/\n"):
        number, _, words = record.strip().partition("\n")
        if number.strip().isdigit():
            yield int(number), words


def smart(arguments, read):
    documents = [(number, fields.get("T", ""), fields.get("W", "")) for number, fields in
                 smart_records(read(arguments.documents))]
    queries = [(number, fields.get("W", "")) for number, fields in smart_records(read(arguments.queries))]
    if arguments.in_turn:
        queries = [(turn, words) for turn, (_, words) in enumerate(queries, 1)]
    relevant = []
    for line in read(arguments.relevant).splitlines():
        fields = line.split()
        if len(fields) == 3 and int(fields[2]) < 1:  # Cranfield's -1: of no interest
            continue
        if len(fields) >= 2:
            relevant.append((int(fields[0]), int(fields[1])))
    # A title that the text begins with stands once.
    documents = [(number, title, words.removeprefix(title).strip()) for number, title, words in documents]
    return documents, queries, relevant


def npl(arguments, read):
    documents = [(number, "", " ".join(words.split())) for number, words in npl_records(read(arguments.documents))]
    queries = [(number, " ".join(words.lower().split())) for number, words in npl_records(read(arguments.queries))]
    relevant = [(query, int(document)) for query, words in npl_records(read(arguments.relevant))
                for document in words.split()]
    return documents, queries, relevant


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["smart", "npl"])
    parser.add_argument("out", type=pathlib.Path)
    for name in ["documents", "queries", "relevant"]:
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    parser.add_argument("--in-turn", action="store_true", help="judgements number the queries as they come")
    arguments = parser.parse_args()
    read = lambda path: path.read_text(encoding="latin-1").replace("\r\n", "\n")
    documents, queries, relevant = (smart if arguments.kind == "smart" else npl)(arguments, read)

    (arguments.out / "qrels").mkdir(parents=True, exist_ok=True)
    with open(arguments.out / "corpus.jsonl", "w") as out:
        for number, title, words in documents:
            out.write(json.dumps({"_id": str(number), "title": title, "text": words}) + "\n")
    with open(arguments.out / "queries.jsonl", "w") as out:
        for number, words in queries:
            out.write(json.dumps({"_id": str(number), "text": words}) + "\n")
    known = {number for number, _, _ in documents}
    asked = {number for number, _ in queries}
    judged = sorted({pair for pair in relevant if pair[0] in asked and pair[1] in known})
    with open(arguments.out / "qrels" / "test.tsv", "w") as out:
        out.write("query-id\tcorpus-id\tscore\n")
        out.writelines(f"{query}\t{document}\t1\n" for query, document in judged)
    print(f"{arguments.out}: {len(documents)} documents, {len(queries)} queries, "
          f"{len({query for query, _ in judged})} of them judged, {len(judged)} judgements")


if __name__ == "__main__":
    main()
