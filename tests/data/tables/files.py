"""One small spectrum, saved in every way that is read."""

import io

import numpy as np

FREQUENCY = np.linspace(190.0, 210.0, 9)  # MHz
VOLTAGE = np.array([0.5, 1.25, 3.5, 6.0, -0.25, -6.0, -3.5, -1.5, -0.75])  # µV
ROWS = list(zip(FREQUENCY, VOLTAGE))


def text(header, separator, decimal=".", end="\n"):
    lines = [separator.join((f"{f:.4f}", f"{v:.4e}")) for f, v in ROWS]
    return end.join([*header, *(line.replace(".", decimal) for line in lines), ""])


LVM = "\n".join(
    [
        "LabVIEW Measurement\t",
        "Writer_Version\t2",
        "Separator\tTab",
        "Decimal_Separator\t,",
        "X_Columns\tOne",
        "Date\t2024/01/12",
        "***End_of_Header***\t",
        "\t",
        "Channels\t1\t",
        "Samples\t9\t",
        "Y_Unit_Label\tVolts\t",
        "X_Dimension\tFrequency\t",
        "X0\t0,0E+0\t",
        "Delta_X\t1,000000\t",
        "***End_of_Header***\t\t",
        "X_Value\tUntitled\tComment",
        *(f"{1e6 * f:.1f}\t{1e-6 * v:.4e}".replace(".", ",") for f, v in ROWS),
        "",
    ]
)


def npz(**columns):
    stream = io.BytesIO()
    np.savez(stream, **columns)
    return stream.getvalue()


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


COLUMNS = np.array(ROWS, [("f (MHz)", float), ("V (uV)", float)])
FILES = {
    "comma.csv": text(["Frequency (MHz),Voltage (µV)"], ",").encode(),
    "semicolon.csv": text(["Frequency [MHz];U / µV"], ";", ",", "\r\n").encode("latin-1"),
    "old_mac.txt": text(["# taken at 300 K", "# f_MHz\tV_uV"], "\t", end="\r").encode(),
    "blanks.dat": text(["% f (MHz)   V (uV)"], "  ").encode("utf-16"),
    "units.tsv": text(["Junction 7", "", "Freq\tVolt", "MHz\tµV"], "\t", ",").encode("utf-8-sig"),
    "labview.lvm": LVM.encode("latin-1"),
    "columns.npz": npz(frequency_MHz=FREQUENCY, voltage_uV=VOLTAGE),
    "structured.npy": npy(COLUMNS),
}
