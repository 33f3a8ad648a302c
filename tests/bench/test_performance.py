import pytest


@pytest.fixture
def performance(module):
    return module("performance")


def test_what_people_wrote_around_the_figures_stays(performance, run, tmp_path):
    page = tmp_path / "performance.md"
    page.write_text(f"# Before\n\n{performance.BEGIN}\nold\n{performance.END}\n\nAfter\n")
    performance.write(run, page)
    text = page.read_text()
    assert text.startswith("# Before\n")
    assert text.endswith("\n\nAfter\n")
    assert "old" not in text
    assert "200 pgqueuer" in text


def test_a_page_without_marks_is_refused(performance, run, tmp_path):
    page = tmp_path / "performance.md"
    page.write_text("# Before\n")
    with pytest.raises(ValueError, match="lost the marks"):
        performance.write(run, page)
    assert page.read_text() == "# Before\n"


def test_the_projects_page_has_its_marks(performance):
    text = performance.PAGE.read_text(encoding="utf-8")
    assert 0 < text.index(performance.BEGIN) < text.index(performance.END)
