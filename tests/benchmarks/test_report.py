"""The page of benchmarks is made of the committed rows."""

from benchmarks import report


def test_the_page_is_what_the_rows_give():
    assert report.PAGE.read_text() == report.page()


def test_ratios_have_two_digits():
    cells = report._row(
        {
            "case": "a",
            "what": "b",
            "rfjax": 2.0,
            "peer": 16812.0,
            "ratio": 8406.0,
            "unit": "s",
            "peer_name": "c",
        }
    )
    assert cells == "| a | b | 2 | 16,800 | 8,400 | s | c |"
