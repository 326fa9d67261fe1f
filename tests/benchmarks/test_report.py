"""The page of benchmarks is made of the committed rows."""

import json

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


def test_trajectories_stand_beside_peers_of_todays_code_with_their_errors():
    rows = json.loads((report.RESULTS / "driven.json").read_text())
    forward = [row for row in rows if row["what"] == "forward, a trajectory"]
    assert all("error" in row["case"] and "error" in row["peer_name"] for row in forward)
    assert {row["peer_name"].split(",")[0] for row in forward} >= {"SciPy DOP853", "diffrax Dopri8"}
