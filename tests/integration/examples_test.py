"""Every example that ships is right, and its own tests pass."""

import glob
import os
import unittest

from harness import SECRET, Case

CONFIG = os.path.join(os.path.dirname(__file__), "..", "..", "config")


class Examples(Case):
    def test_each_is_valid_and_passes_its_tests(self):
        files = sorted(glob.glob(os.path.join(CONFIG, "examples", "*.yaml")))
        files.append(os.path.join(CONFIG, "quickstart.yaml"))
        self.assertGreaterEqual(len(files), 3)
        environment = {"EVENT_SIGNATURE_SECRET": SECRET}
        for file in files:
            with self.subTest(os.path.basename(file)):
                status, text, errors = self.program(
                    "validate", file, "--deny-warnings", environment=environment
                )
                self.assertEqual(status, 0, text + errors)
                status, text, errors = self.program("test", file, environment=environment)
                self.assertEqual(status, 0, text + errors)
                self.assertIn(" 0 failed", text)
                self.assertNotIn("0 tests,", text)


if __name__ == "__main__":
    unittest.main(verbosity=2)
