# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # From a measured spectrum to a network
#
# A file with voltages of a spin diode becomes a device with intervals, the device becomes a chain
# and a network that reads digits. At the end: a film measured in a swept field.

# %%
import io
import tempfile
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import matplotlib as mpl
import numpy as np
import optax
from IPython.display import Image

import rfjax
from rfjax.data import FixedSplit, load_digits, read_table
from rfjax.fitting import (
    draw_fit,
    fit_damping,
    fit_fmr_line,
    fit_kittel,
    fit_spin_diode,
    profile_intervals,
    spectra_of,
)
from rfjax.laws import ferromagnetic_resonance as fmr
from rfjax.laws import spin_diode
from rfjax.laws.line_shape import resonance_line_slope
from rfjax.nn import mlp
from rfjax.plotting import COLOURS, figure
from rfjax.training import accuracy, fit

mpl.rcParams.update(
    {"axes.titlesize": 8, "font.size": 8, "legend.fontsize": 7, "legend.frameon": False}
)


def shown(drawn):
    """The figure as an image, whatever the backend."""
    png = io.BytesIO()
    drawn.savefig(png, format="png", dpi=300)
    return Image(png.getvalue(), width=700)


# %% [markdown]
# ## A file, as somebody else saved it
#
# Nothing was measured here: a device that we choose, noise and an offset make the file. It has
# notes on top, decimal commas, powers in dBm, voltages in microvolts, Windows' ends of lines, and
# samples that the instrument lost. With a file of your own, leave out this cell.

# %%
folder = Path(tempfile.mkdtemp())
true = rfjax.Resonator(
    346e6, damping=0.011, nonlinear_shift=2.0, nonlinear_damping=20.0, symmetric=0.3
)
tones = 346e6 + np.linspace(-8, 8, 121) * float(true.linewidth_frequency)
powers = np.array([2e-6, 8e-6, 3e-5])  # W
random = np.random.default_rng(0)
volts = np.asarray(rfjax.spectrum(true, powers, tones))
volts = volts + 2e-7 * random.normal(size=volts.shape) + 1e-6
rows = ["# Spin diode, sample B7, 350 nm", "# 300 K; field 200 mT", "f (MHz);P (dBm);U (µV)"]
for dbm, spectrum in zip(10 * np.log10(powers / 1e-3), volts, strict=True):
    values = np.where(random.random(len(tones)) < 0.02, np.nan, 1e6 * spectrum)
    rows += [f"{f:.4f};{dbm:.2f};{v:.3f}" for f, v in zip(tones / 1e6, values, strict=True)]
text = "\r\n".join([*rows[:3], *(row.replace(".", ",") for row in rows[3:])])
(folder / "B7.csv").write_bytes(text.encode("latin-1"))
print("\n".join(text.splitlines()[:6]))

# %% [markdown]
# ## Read it, fit it
#
# Units are those of the header. One spectrum for each power, and all powers in one fit of the
# nonlinear line shape: what bends is told from what is wide.

# %%
table = read_table(folder / "B7.csv")
print(table)
spectra = spectra_of(table)
fitted = fit_spin_diode(*spectra)
print(fitted.table())

# %%
shown(draw_fit(fitted))

# %% [markdown]
# ## How sure is it?
#
# Intervals in the table follow the Jacobian. The profile of the likelihood holds one parameter,
# fits all others anew, and asks where the misfit has grown too much. Where the valley is straight
# both agree. Of two powers alone, small ones, nonlinearities are known less well.

# %%
few = np.where(np.arange(len(tones)) % 6 == 0, spectra.voltages, np.nan)
few = fit_spin_diode(*spectra._replace(voltages=few))
names = ("frequency", "damping", "nonlinear_shift", "nonlinear_damping")
drawn, panels = figure(1, 4, width=0.5, aspect=1.0)
for name, axes in zip(names, panels, strict=True):
    truth = float(getattr(true, name))
    for place, found in enumerate((fitted, few)):
        column = found.estimates.names.index(name)
        ends = (found.estimates.intervals()[:, column], profile_intervals(found, name))
        for offset, colour, (low, high) in zip((0.1, -0.1), COLOURS, ends, strict=False):
            height = offset - place
            axes.plot([low / truth, high / truth], [height, height], "|-", color=colour)
    axes.axvline(1, color="black", ls=":", lw=0.8)
    axes.set(title=name.replace("_", " "), yticks=[], ylim=(-1.5, 0.5), xlabel="over the true")
    axes.ticklabel_format(useOffset=False)
    axes.locator_params(axis="x", nbins=3)
panels[0].set_yticks([0, -1], ["all samples", "one in six"])
for colour, label in zip(COLOURS, ("Jacobian", "profile"), strict=False):
    panels[3].plot([], [], color=colour, label=label)
panels[3].legend()
shown(drawn)

# %% [markdown]
# ## The device in a chain, and the measurement itself
#
# The fit is a `Resonator`, and goes wherever one goes. `rectifiers.Tabulated` takes the voltages as
# they are, without their offset: splines instead of a law, and the noise stays in. Four such
# devices on a line, at random detunings: how far is either chain from that of the true device?

# %%
# A table has no gaps: samples that were lost are taken from the fit.
whole = np.where(np.isnan(spectra.voltages), fitted.fitted, spectra.voltages) - fitted.background
tabulated = rfjax.rectifiers.Tabulated(
    whole, spectra.powers, spectra.frequencies[0], fitted.resonator.frequency
)
print(tabulated)

line = rfjax.Line.geometric(335e6, 357e6, 4, 1e-5)
detuning = 0.5 * jax.random.normal(jax.random.key(1), (50, 4))
batch = jax.random.uniform(jax.random.key(2), (4,)) * line.peak_powers


def chains(device, rectifier):
    """Voltages of fifty chains of four such devices, V."""
    devices = device.at(line.frequencies)
    return rfjax.arrays.ResonatorArray(detuning, devices, line, rectifier, tolerance=None)(batch)


independent = rfjax.rectifiers.Independent()
expected = chains(true, independent)
ways = {
    "fitted device": chains(fitted.resonator, independent),
    "voltages as measured": chains(fitted.resonator, tabulated),
}

offsets = jnp.linspace(-4, 4, 201)
places = spin_diode.resonance_frequency(346e6, offsets, true.damping)
drawn, (left, right) = figure(1, 2, aspect=0.8)
probe = jnp.array([1e-5])
for (name, rectifier), style in zip(
    {"fitted device": independent, "voltages as measured": tabulated}.items(), ("-", "--")
):
    weight = rfjax.spectrum(fitted.resonator.at(places), probe, jnp.array([346e6]), rectifier)
    left.plot(offsets, jnp.ravel(weight) / 1e-5, style, label=name)
left.set(xlabel="detuning of the device (linewidths)", ylabel="weight (V/W)")
left.set_title("one device, one tone of 10 µW")
left.legend()
for (name, found), mark in zip(ways.items(), ("o", "x")):
    right.plot(1e6 * expected, 1e6 * (found - expected), mark, ms=3, label=name)
right.axhline(0, color="black", lw=0.8)
right.set(xlabel="voltage of the true chain (µV)", ylabel="error (µV)")
right.set_title("fifty chains of four")
right.legend()
shown(drawn)

# %% [markdown]
# ## The device in a network
#
# Ten chains of 64 such devices, tuned to 64 tones, learn to read digits as what the fit says they
# are, and are then made of the true device. No test row is ever trained on.

# %%
images, digits = load_digits()
line = rfjax.Line.geometric(100e6, 100e6 * (1.011 / 0.989) ** 63, 64, 1e-6)
EPOCHS = 4


def network(device, *, key, tolerance: float | None = 1e-3):
    """Ten chains of 64 devices, with a read-out gain that keeps detunings small."""
    devices = device.at(line.frequencies)
    return mlp(
        (10,),
        lines=line,
        resonators=devices,
        key=key,
        spread=0.01,
        gain=30.0,
        tolerance=tolerance,
    )


model, history = fit(
    network(fitted.resonator, key=jax.random.key(0)),
    images,
    digits,
    split=FixedSplit(0.25),
    keys=jax.random.key(1),
    epochs=EPOCHS,
    batch_size=20,
    optimiser=optax.adam(0.006),
)
_, test = FixedSplit(0.25)(0, len(digits), key=jax.random.key(1))
made = eqx.tree_at(
    lambda each: (each.layers[0].array.detuning, each.layers[0].read_out),
    network(true, key=jax.random.key(0), tolerance=None),
    (model.layers[0].array.detuning, model.layers[0].read_out),
)
reached = float(accuracy(eqx.filter_jit(made)(images[test]), digits[test]))
print(f"test accuracy on the fitted device: {100 * history.test_accuracy[-1].item():.1f} %")
print(f"test accuracy on the true device: {100 * reached:.1f} %")

# %%
drawn, (axes,) = figure(width=1.2, aspect=0.6)
axes.plot(np.arange(1, EPOCHS + 1), 100 * np.ravel(history.test_accuracy), "o-", ms=3)
axes.set(xlabel="epoch", ylabel="test accuracy (%)", title="trained on the fitted device")
shown(drawn)

# %% [markdown]
# ## Ferromagnetic resonance in a swept field
#
# A film at ten frequencies, absorption and dispersion mixed, its derivative as a lock-in amplifier
# gives it: lines, Kittel's relation in the plane, and the damping out of the linewidths.

# %%
frequencies = np.linspace(4e9, 22e9, 10)
gamma = fmr.gyromagnetic_ratio(2.02)
at = np.asarray(fmr.resonance_field(frequencies, 0.0, 1.4e5, gamma))[:, None]  # A/m
widths = np.asarray(fmr.field_linewidth(frequencies, 2e-3, 200.0, gamma))[:, None]
fields = at + np.linspace(-6e3, 6e3, 121)
signals = np.asarray(resonance_line_slope(fields, at, widths, 2e-6, 5e-6))
signals = signals + 4e-7 * random.normal(size=signals.shape)

lines = fit_fmr_line(fields, signals)
kittel = fit_kittel(frequencies, lines.resonance_field)
damping = fit_damping(frequencies, lines.linewidth, g=float(kittel.estimates["g"]))
print(kittel.table())
print(damping.table())
shown(draw_fit(lines, (0,)))

# %%
shown(draw_fit(kittel))

# %%
shown(draw_fit(damping))
