"""Writes the corpus that tests/unit/routing replays: usage: record.py CACHE_FOLDER > ruler_corpus.ndjson"""

import json
import sys

import compare
import ruler_pairs

if __name__ == "__main__":
    pairs = list(ruler_pairs.pairs())
    for (pattern, events), answers in zip(pairs, compare.ask(compare.build(sys.argv[1]), pairs)):
        print(json.dumps({"pattern": pattern, "events": events, "answers": answers}, ensure_ascii=False))
