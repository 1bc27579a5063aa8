"""Patterns mean to the program what they mean to AWS Event Ruler itself, asked now."""

import json
import pathlib
import subprocess
import sys
import unittest

import harness

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "support" / "ruler"))
import compare  # noqa: E402
import ruler_pairs  # noqa: E402

CORPUS = TESTS / "unit" / "routing" / "ruler_corpus.ndjson"
CACHE = pathlib.Path(harness.PROGRAM).resolve().parent.parent / "ruler"


class EventRuler(harness.Case):
    def setUp(self):
        super().setUp()
        try:
            self.class_path = compare.build(CACHE)
        except compare.Unavailable as why:
            self.unavailable(str(why))

    def test_the_recorded_answers_are_those_of_event_ruler(self):
        rows = [json.loads(line) for line in CORPUS.read_text().splitlines()]
        recorded = [(row["pattern"], row["events"]) for row in rows]
        self.assertEqual(list(ruler_pairs.pairs()), recorded, "the corpus is not what record.py writes")
        for row, answers in zip(rows, compare.ask(self.class_path, recorded)):
            self.assertEqual(row["answers"], answers, row["pattern"])

    def test_new_patterns_match_what_they_match_for_event_ruler(self):
        pairs = []
        for number in range(150):
            generator = ruler_pairs.Random(f"live/{number}")
            pairs.append((generator.pattern(), [generator.event() for _ in range(20)]))
        matches = 0
        for (pattern, events), answers in zip(pairs, compare.ask(self.class_path, pairs)):
            done = subprocess.run(
                [harness.PROGRAM, "match", "--expression", pattern],
                input="".join(event + "\n" for event in events), capture_output=True, text=True, timeout=harness.LIMIT_S,
            )  # fmt: skip
            expected = [event for event, answer in zip(events, answers) if answer == "y"]
            self.assertEqual(done.stdout.splitlines(), expected, f"{pattern}: {done.stderr}")
            self.assertEqual(done.returncode, 0 if expected else 1)
            matches += len(expected)
        self.assertGreater(matches, 100)


if __name__ == "__main__":
    unittest.main(verbosity=2)
