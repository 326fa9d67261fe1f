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
# # From one resonator to a trained network
#
# A resonator turns the power of a microwave tone into a DC voltage. Its detuning from the tone sets
# a weight, a chain of resonators adds up weighted powers, and ten chains read handwritten digits.

# %%
import io
import time

import equinox as eqx
import jax
import jax.numpy as jnp
import matplotlib as mpl
import numpy as np
import optax
from IPython.display import Image

import rfjax
from rfjax.data import FixedSplit, load_digits
from rfjax.laws import spin_diode
from rfjax.laws.frequency_comb import geometric_comb
from rfjax.nn import mlp, twin
from rfjax.plotting import COLOURS, figure
from rfjax.training import ensemble, fit, member

mpl.rcParams.update(
    {"axes.titlesize": 8, "font.size": 8, "legend.fontsize": 7, "legend.frameon": False}
)


def shown(drawn):
    """The figure as an image, whatever the backend."""
    png = io.BytesIO()
    drawn.savefig(png, format="png", dpi=300)
    return Image(png.getvalue(), width=700)


# %% [markdown]
# ## One resonator: the spin diode
#
# At small power the voltage follows the linear spin diode. The field-like torque (antisymmetric)
# changes sign at the resonance; the damping-like torque (symmetric) peaks there.

# %%
RESONANCE = 50e6  # Hz
tones = RESONANCE * jnp.linspace(0.93, 1.07, 401)
detunings = spin_diode.reduced_detuning(tones, RESONANCE, 0.01)


def voltage(resonator, power, rectifier):
    """The voltage (V) of one resonator at each tone in turn, each tone alone on the line."""
    return rfjax.spectrum(resonator, power, tones, rectifier)


drawn, (axes,) = figure(width=1.4, aspect=0.6)
torques = {"antisymmetric (field-like)": (1.0, 0.0), "symmetric (damping-like)": (0.0, 1.0)}
for (name, (antisymmetric, symmetric)), style in zip(torques.items(), ("-", "--"), strict=True):
    resonator = rfjax.Resonator(RESONANCE, antisymmetric=antisymmetric, symmetric=symmetric)
    volts = voltage(resonator, jnp.asarray(1e-9), rfjax.rectifiers.Independent())
    axes.plot(tones / 1e6, volts * 1e9, style, label=name)
axes.set(xlabel="tone frequency (MHz)", ylabel="rectified voltage (nV)")
axes.set_title("one resonator at 50 MHz, one tone of 1 nW")
axes.legend()
shown(drawn)

# %% [markdown]
# ## More power: the resonance moves, then folds
#
# Oscillation shifts the resonance and widens it. Once the shift outgrows the linewidth, two stable
# branches exist: "lower" is reached from rest, "upper" from a state that oscillates already.

# %%
folding = rfjax.Resonator(RESONANCE, nonlinear_damping=0.1)
drawn, (axes,) = figure(width=1.4, aspect=0.6)
for power, colour in zip((1e-6, 3e-5, 1e-4), COLOURS, strict=False):
    power = jnp.asarray(power)
    branches = {
        branch: voltage(folding, power, rfjax.rectifiers.Independent(branch)) / power
        for branch in ("lower", "upper")
    }
    drive = spin_diode.reduced_drive(power, RESONANCE, folding.damping, folding.drive)
    count = spin_diode.stable_branches(
        detunings, drive, folding.reduced_shift, folding.nonlinear_damping
    )
    # The lower branch jumps at an edge of the fold; the line is left open there.
    step = np.abs(np.diff(branches["lower"], append=branches["lower"][-1]))
    edge = np.diff(count, append=count[-1]) != 0
    jumps = edge & (step > 0.2 * np.max(branches["lower"]))
    lower = np.where(jumps, np.nan, branches["lower"])
    axes.plot(tones / 1e6, lower, color=colour, label=f"{1e6 * power:.3g} µW")
    upper = jnp.where(count == 2, branches["upper"], jnp.nan)
    axes.plot(tones / 1e6, upper, "--", color=colour, lw=2)
axes.plot([], [], "k--", lw=2, label="upper branch")
axes.set(xlabel="tone frequency (MHz)", ylabel="voltage per power (V/W)")
axes.set_title("growing power: skew and fold-over (solid: lower branch)")
axes.legend()
shown(drawn)

# %% [markdown]
# ## Weights and a chain
#
# Volts per watt against detuning is the weight, between two extremes of opposite sign. A chain of
# resonators far enough apart multiplies each tone's power by the weight of its own resonator and
# adds. Ideally nothing else happens; in truth every resonator rectifies its neighbours' tones too.

# %%
weights = voltage(rfjax.Resonator(RESONANCE), jnp.asarray(1e-9), rfjax.rectifiers.Linear()) / 1e-9
scale = spin_diode.voltage_scale(RESONANCE, 0.01, 6e7)

COUNT = 8
comb = geometric_comb(1e9, 4e9, COUNT)
keys = jax.random.split(jax.random.key(0))
own = jax.random.uniform(keys[0], (COUNT,), minval=-1.0, maxval=1.0)  # in linewidths
powers = jax.random.uniform(keys[1], (200, COUNT)) * 1e-7
resonators = rfjax.Resonator(spin_diode.resonance_frequency(comb, own, 0.01))
chain = rfjax.arrays.Chain(
    jax.tree.map(lambda field: jnp.broadcast_to(field, (1, COUNT)), resonators),
    rfjax.rectifiers.Independent(),
)
actual = chain(powers, comb)[:, 0]
each = rfjax.rectifiers.Linear().conversion(resonators, own, powers)
ideal = rfjax.arrays.head_to_tail(each * powers)

drawn, (left, right) = figure(1, 2, aspect=0.8)
left.plot(detunings, 2 * weights / scale)
left.set(xlabel="detuning (linewidths)", ylabel="weight (1 at the extreme)")
left.set_title("one resonator")
right.plot(1e9 * ideal, 1e9 * ideal, color="black", lw=0.8, label="ideal")
right.plot(1e9 * ideal, 1e9 * actual, ".", color=COLOURS[1], label="chain")
right.set(xlabel="ideal sum (nV)", ylabel="voltage of the chain (nV)")
right.set_title(f"multiply-accumulate over {COUNT} tones")
right.legend()
shown(drawn)

# %% [markdown]
# ## A layer on a shared line, quickly
#
# Pair by pair, a layer needs one cubic for every image, chain, resonator and tone. The layer
# evaluates it from few poles instead, to a tolerance that is asked for.

# %%
line = rfjax.Line.geometric(50e6, 1e9, 64, 1e-5)
devices = rfjax.Resonator(line.frequencies)
detuning = 0.5 * jax.random.normal(jax.random.key(1), (10, 64))
batch = jax.random.uniform(jax.random.key(2), (100, 64)) * line.peak_powers


@eqx.filter_jit
def evaluated(layer, powers):
    """The voltages of a layer, compiled."""
    return layer(powers)


def timed(layer):
    """The voltages and the fastest of thirty evaluations, in s."""
    volts = evaluated(layer, batch).block_until_ready()
    times = []
    for _ in range(30):
        start = time.perf_counter()
        evaluated(layer, batch).block_until_ready()
        times.append(time.perf_counter() - start)
    return volts, min(times)


direct, direct_time = timed(rfjax.arrays.ResonatorArray(detuning, devices, line, tolerance=None))
tolerances = (1e-5, 1e-4, 1e-3)
fast = [
    timed(rfjax.arrays.ResonatorArray(detuning, devices, line, tolerance=tolerance))
    for tolerance in tolerances
]
errors = [float(jnp.max(jnp.abs(volts - direct)) / jnp.max(jnp.abs(direct))) for volts, _ in fast]

drawn, (left, right) = figure(1, 2, aspect=0.8)
left.loglog(tolerances, errors, "o-", label="found")
left.loglog(tolerances, tolerances, "k:", label="asked for")
left.set(xlabel="tolerance", ylabel="largest error / largest voltage", title="error")
left.legend()
right.bar(
    ["direct", *(f"{tolerance:.0e}" for tolerance in tolerances)],
    [1e3 * direct_time, *(1e3 * seconds for _, seconds in fast)],
    color=[COLOURS[1], *[COLOURS[0]] * 3],
)
right.set(
    yscale="log", xlabel="tolerance", ylabel="time (ms)", title="100 images, 64 tones, 10 chains"
)
shown(drawn)

# %% [markdown]
# ## A perceptron that reads digits
#
# One tone a pixel, one chain a digit: 640 resonators, trained through their nonlinear physics,
# beside a software perceptron on the same splits. No test row is ever trained on.

# %%
images, digits = load_digits()
seeds = jax.random.split(jax.random.key(0), 2)
EPOCHS = 15


def resonator_network(*, key, tolerance: float | None = 1e-5):
    """Ten chains of 64 resonators, with a read-out gain that keeps the detunings small."""
    return mlp(
        (10,),
        lines=line,
        resonators=devices,
        key=key,
        spread=0.01,
        gain=30.0,
        tolerance=tolerance,
    )


def trained(create, learning_rate):
    """The trained ensemble and its history."""
    return fit(
        ensemble([create(key=key) for key in seeds]),
        images,
        digits,
        split=FixedSplit(0.25),
        keys=seeds,
        epochs=EPOCHS,
        batch_size=20,
        optimiser=optax.adam(learning_rate),
    )


model, history = trained(resonator_network, 0.003)
peer = resonator_network(key=seeds[0], tolerance=None)
_, software = trained(lambda *, key: twin(peer, key=key), 0.05)

# %%
drawn, panels = figure(3, 5, width=0.42, aspect=1.1)
for axes in panels[:5]:
    axes.remove()
top = drawn.add_subplot(panels[0].get_gridspec()[0, :])
epochs = np.arange(1, EPOCHS + 1)
for name, each, style, colour in zip(
    ("resonators", "software"), (history, software), ("o-", "s--"), COLOURS, strict=False
):
    top.plot(epochs, 100 * each.test_accuracy.mean(axis=1), style, color=colour, ms=3, label=name)
top.set(xlabel="epoch", ylabel="test accuracy (%)", title="mean of two seeds")
top.legend(loc="lower right")
learned = member(model, 0).layers[0].array.detuning.reshape(10, 8, 8)
extent = float(jnp.max(jnp.abs(learned)))
for digit, axes in enumerate(panels[5:]):
    image = axes.imshow(learned[digit], cmap="PuOr", vmin=-extent, vmax=extent)
    axes.set(xticks=[], yticks=[], title=f"chain {digit}")
drawn.colorbar(image, ax=panels[5:], label="learned detuning (linewidths)")
shown(drawn)
