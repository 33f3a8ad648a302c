"""Modules and their tests stay small enough to be read at once."""

LARGEST = 500


def test_no_module_is_over_five_hundred_lines(python_files):
    sizes = {
        name.as_posix(): len(path.read_text(encoding="utf-8").splitlines()) for name, path in python_files
    }
    assert {name: size for name, size in sizes.items() if size > LARGEST} == {}
