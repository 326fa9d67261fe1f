"""One spectrum is read alike from every format and dialect; what is damaged is refused."""

import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest

from rfjax.checks import InvalidInput
from rfjax.data import read_table
from rfjax.data.tables.units import named_with_unit
from tests.data.tables.files import FILES, FREQUENCY, VOLTAGE, npy, npz, text
from tests.mutations import mutated

needs_h5py = pytest.mark.skipif(not importlib.util.find_spec("h5py"), reason="no h5py")
needs_skrf = pytest.mark.skipif(not importlib.util.find_spec("skrf"), reason="no scikit-rf")


def saved(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return path


def measured(name):
    root = os.environ.get("RFJAX_DATA")
    path = Path(root or "", "measured", name)
    if root is None or not path.exists():
        pytest.skip("no measured files: set RFJAX_DATA")
    return path


@pytest.mark.parametrize("name", FILES)
def test_a_spectrum_is_the_same_from_every_file(name, tmp_path):
    table = read_table(saved(tmp_path, name, FILES[name]))
    (frequency,), (voltage,) = table.of_quantity("frequency"), table.of_quantity("voltage")
    np.testing.assert_allclose(table.column(frequency, "frequency"), 1e6 * FREQUENCY, rtol=1e-14)
    np.testing.assert_allclose(table.column(voltage, "voltage"), 1e-6 * VOLTAGE, rtol=1e-14)


@needs_h5py
def test_data_sets_of_a_group_are_columns(tmp_path):
    import h5py

    path = tmp_path / "spectrum.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group("run 3")
        group["f"], group["V"], group["other"] = FREQUENCY, VOLTAGE, VOLTAGE
        group["f"].attrs["units"], group["V"].attrs["unit"] = "MHz", "uV"
    table = read_table(path, group="run 3")
    np.testing.assert_allclose(table.column("f", "frequency"), 1e6 * FREQUENCY, rtol=1e-14)
    np.testing.assert_allclose(table.column("V", "voltage"), 1e-6 * VOLTAGE, rtol=1e-14)
    with pytest.raises(InvalidInput, match="no known unit"):
        table.column("other", "voltage")
    with pytest.raises(InvalidInput, match="run 3"):
        read_table(path)


def test_formats_without_their_library_say_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    monkeypatch.setitem(__import__("sys").modules, "skrf", None)
    for name, content in {
        "a.h5": b"\x89HDF\r\n\x1a\n123",
        "a.s1p": b"# Hz S RI R 50\n1 0 0\n",
    }.items():
        with pytest.raises(InvalidInput, match=r"rfjax\[files\]"):
            read_table(saved(tmp_path, name, content))


def test_a_field_sweep_of_others_is_read_as_it_is():
    table = read_table(measured("yig_fmr_15GHz"))
    assert table.names == ("Field", "Xchannel", "Ychannel", "Freq", "Power")
    assert table.column("freq", "frequency").tolist() == [15e9] * 135
    # 4303.83 G is the field whose flux density in vacuum is 0.430383 T.
    field = table.column("Field", "magnetic field")
    np.testing.assert_allclose(field[0], 0.430383 / (4e-7 * np.pi), rtol=1e-12)
    assert np.diff(field).min() < 0
    with pytest.raises(InvalidInput, match="'Xchannel' of yig_fmr_15GHz has no known unit"):
        table.column("Xchannel", "voltage")
    given = read_table(measured("yig_fmr_15GHz"), units={"Xchannel": "V"})
    assert given.column("Xchannel", "voltage")[0] == 1.90736e-6
    with pytest.raises(InvalidInput, match="is in mV, a unit of voltage; power is wanted"):
        table.column("Power", "power")


@needs_skrf
def test_touchstone_files_of_others_are_read_as_they_are():
    table = read_table(measured("two_port_dB.s2p"))
    assert len(table) == 1
    assert table.column("frequency", "frequency") == 1e3
    first = table.values[0, table.index("S11 real")], table.values[0, table.index("S11 imag")]
    np.testing.assert_allclose(np.hypot(*first), 10 ** (-0.00001 / 20), rtol=1e-12)
    np.testing.assert_allclose(np.degrees(np.arctan2(*first[::-1])), -100.001, rtol=1e-12)
    noisy = read_table(measured("amplifier_noise_block.s2p"))
    assert np.all(np.diff(noisy.column("frequency", "frequency")) > 0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"just words\nand words\n", "no rows of numbers"),
        (text(["f (MHz),V (uV)"], ",").encode() + b"211,1,2\n", "line 11 of"),
        (text(["f (MHz),V (uV)"], ",").encode()[:-13], "no row of 2 fields"),
        (b"f (GHz)\tV (uV)\n1.5\t2,5\n1.6\t2,7\n", "write all of them alike"),
        (b"\0\1\2\3", "is no text"),
        (b"PK\3\4 no archive", "no valid .npz"),
        (npz(a=np.ones(3), b=np.ones(4)), "of one length"),
        (npz(a=np.array(["x", "y"])), "give real numbers"),
        (npy(np.array([{"a": 1}], object)), "pickled"),
        (npy(np.ones(3)), "of shape \\(3,\\)"),
        (FILES["labview.lvm"].replace(b"Tab", b"Tub"), "Separator of"),
        (FILES["labview.lvm"][:200], "ends within its header"),
        (FILES["labview.lvm"].replace(b"197500000,0", b"oops"), "no row of 2 numbers"),
    ],
)
def test_what_is_no_table_is_refused_in_one_line(content, said, tmp_path):
    with pytest.raises(InvalidInput, match=said) as raised:
        read_table(saved(tmp_path, "file", content))
    assert "\n" not in str(raised.value)


def test_rows_keep_what_is_missing_and_leave_out_words(tmp_path):
    content = b"Freq_MHz,Voltage \xb5V,time\n1,2,12:01:02\n2,,12:01:03\n3,NaN,12:01:04\n"
    table = read_table(saved(tmp_path, "f.csv", content))
    assert table.names == ("Freq", "Voltage")
    np.testing.assert_array_equal(table.column("voltage", "voltage") * 1e6, [2, np.nan, np.nan])


def test_columns_are_named_by_the_user_or_counted(tmp_path):
    path = saved(tmp_path, "f.csv", b"header of one word\n1,2\n3,4\n")
    table = read_table(path, units={"1": "GHz", "column 2": "dBm"})
    np.testing.assert_allclose(table.column("1", "frequency"), [1e9, 3e9])
    np.testing.assert_allclose(table.column("2", "power"), 1e-3 * 10 ** np.array([0.2, 0.4]))
    with pytest.raises(InvalidInput, match="did you mean GHz"):
        read_table(path, units={"1": "Ghz"})
    with pytest.raises(InvalidInput, match="no column is called 'field'"):
        read_table(path, units={"field": "mT"})
    with pytest.raises(InvalidInput, match="more than the limit"):
        read_table(path, limit=3)
    np.testing.assert_array_equal(read_table(path, skip=2).values, [[3, 4]])


def test_mutations_of_files_are_read_or_refused_in_one_line(tmp_path):
    random = np.random.default_rng(0)
    files = dict(FILES)
    if importlib.util.find_spec("h5py"):
        import h5py

        with h5py.File(tmp_path / "h5", "w") as file:
            file["f"], file["V"] = FREQUENCY, VOLTAGE
        files["f.h5"] = (tmp_path / "h5").read_bytes()
    if importlib.util.find_spec("skrf"):
        rows = "".join(f"{f} {v} {v} 0 1 1 0 0 1\n" for f, v in zip(FREQUENCY, VOLTAGE))
        files["f.s2p"] = ("! two ports\n# MHz S RI R 50\n" + rows).encode()
    refused = 0
    for count in range(400):
        name = list(files)[count % len(files)]
        path = saved(tmp_path, name, mutated(files[name], random))
        said = table = None
        try:
            table = read_table(path)
        except InvalidInput as error:
            said = str(error)
        if table is None:
            refused += 1
            assert said
            assert len(said.splitlines()) == 1
        else:
            assert table.values.shape == (len(table), len(table.names))
    assert refused >= 200


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("f (kHz)\tU (uV)\n200,000\t2\n201,000\t3\n", "no number tells whether its comma"),
        ("f (MHz);U (uV)\n1,000;2\n-1,001;3\n", "decimal='.'"),
        ("f (MHz), U (uV)\n200,5, 2,5\n201,5, 3,5\n", "may part columns or decimals"),
        ("f (MHz),U (uV)\n200,5,2,5\n201,5,3,5\n", "may part columns or decimals"),
        ("200,5, 2,5\n201,5, 3,5\n", "may part columns or decimals"),
        ("U (uV)\n200,2\n201,3\n", "may part columns or decimals"),
        ("f (Hz)\tU (uV)\n200,000,000\t2,5\n201,000,000\t3,5\n", "write all of them alike"),
        ("f (MHz);U (uV)\n100;2\n# f (MHz);U (mV)\n100;2\n", "line 3 of .* second table"),
        ("f (MHz);U (uV)\n100;2\n# MHz;mV\n100;2\n", "second table"),
        ("f (MHz);U (uV)\n100;over\n101;3\n102;4\n", "'100;over' above its numbers"),
        ("f (MHz);U (uV)\n100;2%\n101;3%\n", "a number with its unit"),
        ("f (MHz);U (uV)\n100;2 uV\n101;3 uV\n", "a number with its unit"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(content, said, tmp_path):
    with pytest.raises(InvalidInput, match=said):
        read_table(saved(tmp_path, "f.txt", content.encode()))


@pytest.mark.parametrize(
    ("content", "decimal", "said"),
    [
        ("f (MHz),U (uV)\n200,5,2,5\n201,5,3,5\n", ",", "may part columns or decimals"),
        ("f (MHz),U (uV)\n200.5,2.5\n201.5,3.5\n", ",", "mark ','; leave decimal out"),
        ("f (MHz);U (uV)\n200,5;2,5\n", ".", "write all of them alike, or give decimal"),
        ("f (MHz);U (uV)\n", ",", "has no rows of numbers; give a table"),
    ],
)
def test_a_decimal_mark_that_reads_nothing_is_blamed(content, decimal, said, tmp_path):
    with pytest.raises(InvalidInput, match=said):
        read_table(saved(tmp_path, "f.txt", content.encode()), decimal=decimal)


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ("f (MHz)\tU (uV)\n1.000\t-1.500\n2.000\t0.125\n", {}),
        ("f (MHz)\tU (uV)\n1,000\t-1,500\n2,000\t0,125\n", {}),  # no thousands begin with a zero
        ("f (kHz)\tU (nV)\n1,000\t-1,500\n2,000\t125\n", {"decimal": "."}),
        ("f (kHz)\tU (nV)\n1.000\t-1.500\n2.000\t125\n", {"decimal": ","}),
        ("f (kHz);U (uV)\n1,000.0;-1.5\n2,000.0;.125\n", {"decimal": "."}),
        ("f (GHz)\tU (mV)\n0,001\t-0,0015\n0,002\t0,000125\n", {"decimal": ","}),
        ('"f (MHz)","U (uV)"\n"1,00","-1,5"\n"2","0,125"\n', {}),
        ('"f (MHz)","U (uV)"\n1,-1.5\n2,0.125\n', {}),
        ("f (MHz),U (uV),\n1,-1500e-3,\n2,125e-3,\n", {}),
        ("f (MHz);U (uV)\n1;\N{MINUS SIGN}1.5 # drift\n2;0.125\n", {}),
        ("f (MHz);U (uV)\n1;-1.5\n# f (MHz);U (uV)\n2;0.125\n", {}),
        ("f (MHz) U (uV)\n# 300 K\n1 -1.5\n# at 300 K\n2 0.125\n", {"units": {"1": "MHz"}}),
        ("day;f (MHz);U (uV)\n2024-01-02;1;-1.5\n2024-01-03;2;0.125\n", {}),
    ],
)
def test_what_can_be_told_is_read(content, options, tmp_path):
    table = read_table(saved(tmp_path, "f.txt", content.encode()), **options)
    if not table.of_quantity("voltage"):
        table = table.with_units({"2": "uV"})
    (frequency,), (voltage,) = table.of_quantity("frequency"), table.of_quantity("voltage")
    np.testing.assert_allclose(table.column(frequency, "frequency"), [1e6, 2e6], rtol=1e-14)
    np.testing.assert_allclose(table.column(voltage, "voltage"), [-1.5e-6, 0.125e-6], rtol=1e-14)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        *((each, None) for each in ("V/Hz", "V / Hz", "V/A", "H (Oe) / mT", "U (uV) (mV)")),
        *((each, None) for each in ("log(W)", "log10(W)", "ln (V)", "sqrt(Hz)", "f²(Hz)")),
        *((each, None) for each in ("current_mA at 5 mW", "U 2,5 uW", "V@5 mW", "2 uW")),
        *((each, each[-2:]) for each in ("P/mW", "V/mV", "f (MHz), U in mV", "2 uW (mV", "U1_mV")),
    ],
)
def test_units_are_those_of_the_numbers_or_unknown(header, found):
    header += ")" * (header.count("(") - header.count(")"))
    unit = named_with_unit(header)[1]
    assert (unit.symbol if unit else None) == found
