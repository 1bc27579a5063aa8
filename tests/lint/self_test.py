"""Feeds each check samples that it must refuse, and one that it must let pass: a check that cannot
fail is worth nothing."""

import pathlib
import tempfile
import unittest

import check_format
import check_hygiene
import check_layers
import project_files


class Sample:
    """A source tree of the given files in a folder that goes away."""

    def __init__(self, files):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def problems(self, check):
        try:
            return check.find_problems(self.root, project_files.list_files(self.root))
        finally:
            self.folder.cleanup()


class Layers(unittest.TestCase):
    def refused(self, files):
        self.assertNotEqual(Sample(files).problems(check_layers), [], files)

    def test_a_lower_layer_must_not_include_a_higher(self):
        self.refused({"host/store/a.cpp": '#include "delivery/lane.h"\n'})

    def test_neighbours_must_not_include_each_other(self):
        self.refused({"host/store/a.cpp": '#include "loader/plugins.h"\n'})

    def test_only_loader_and_app_know_the_abi(self):
        self.refused({"host/delivery/a.cpp": "#include <aev/plugin.h>\n"})

    def test_a_shared_header_must_not_include_third_parties(self):
        self.refused(
            {
                "host/core/a.h": "#include <Poco/Net/Socket.h>\n",
                "host/store/b.cpp": '#include "core/a.h"\n',
            }
        )

    def test_plugins_know_nothing_of_the_host(self):
        self.refused({"plugins/p/a.cpp": '#include "core/result.h"\n'})

    def test_downwards_is_fine(self):
        files = {
            "host/delivery/a.cpp": '#include "store/store.h"\n#include <sqlite3.h>\n',
            "host/store/store.h": '#include "core/result.h"\n',
        }
        self.assertEqual(Sample(files).problems(check_layers), [])


class Hygiene(unittest.TestCase):
    def refused(self, files):
        self.assertNotEqual(Sample(files).problems(check_hygiene), [], files)

    def test_words_that_promise_work(self):
        self.refused({"host/core/a.cpp": "// TO" + "DO: later\n"})

    def test_sleeping(self):
        self.refused({"host/core/a.cpp": "std::this_thread::sleep" + "_for(x);\n"})

    def test_long_files(self):
        self.refused({"host/core/a.cpp": "int a;\n" * 701})

    def test_strangers_in_the_root(self):
        self.refused({"notes.txt": "x\n"})


class Format(unittest.TestCase):
    def test_a_badly_formatted_file(self):
        style = pathlib.Path(__file__).resolve().parents[2] / ".clang-format"
        files = {".clang-format": style.read_text(), "host/core/a.cpp": "int   a ;\n"}
        self.assertNotEqual(Sample(files).problems(check_format), [])


if __name__ == "__main__":
    unittest.main()
