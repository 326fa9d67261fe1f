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
# # From a stack to a network
#
# A stack of materials and a diameter decide where a junction resonates, how wide its line is and
# how it bends at higher powers. This notebook goes from there to a network, and back: the gradient
# of what the network loses reaches the diameter of every junction.

# %%
import io

import jax
import jax.numpy as jnp
import matplotlib as mpl
import numpy as np
import optax
from IPython.display import Image

import rfjax
from rfjax.data import FixedSplit, load_digits
from rfjax.devices import Junction
from rfjax.laws import spin_diode
from rfjax.macrospin import (
    FreeLayer,
    TunnelResistance,
    diode_voltage,
    reduction,
    resonance,
)
from rfjax.nn import Bounded, Derived, Network, Synapses, resolved
from rfjax.plotting import COLOURS, figure
from rfjax.training import fit

mpl.rcParams.update(
    {"axes.titlesize": 8, "font.size": 8, "legend.fontsize": 7, "legend.frameon": False}
)


def shown(drawn):
    """The figure as an image, whatever the backend."""
    png = io.BytesIO()
    drawn.savefig(png, format="png", dpi=300)
    return Image(png.getvalue(), width=700)


# %% [markdown]
# ## The stack
#
# 1.5 nm of CoFeB under MgO. The interface pulls the magnetisation out of the plane, the shape pulls
# it back, and a field along z holds it upright. A line 50 nm wide below the junction carries the
# microwave current, whose field drives it.

# %%
UPRIGHT = jnp.array([0.0, 0.0, 1.0])
FIELD = 3e5 * UPRIGHT  # A/m


def layer(diameter, anisotropy=6.5e-4):
    """The free layer of a junction; m, J/m²."""
    return FreeLayer(
        1e6,
        1.5e-9,
        diameter,
        damping=0.0045,
        interface_anisotropy=anisotropy,
        oersted=(1e7, 0.0, 0.0),
    )


def frequency(diameter):
    """Where it resonates, Hz."""
    return resonance(layer(diameter), UPRIGHT, field=FIELD).frequency


diameters = jnp.linspace(60e-9, 120e-9, 61)
slope = jax.grad(frequency)(90e-9)
linewidth = 0.0045 * frequency(90e-9)
print(f"{frequency(90e-9) / 1e9:.3f} GHz, {slope * 1e-15:.1f} MHz/nm")
print(f"a linewidth is {1e9 * abs(linewidth / slope):.2f} nm")

drawn, (axes,) = figure(width=1.2, aspect=0.6)
axes.plot(1e9 * diameters, frequency(diameters) / 1e9)
axes.set(xlabel="diameter (nm)", ylabel="resonance (GHz)")
axes.set_title("one stack, many diameters")
shown(drawn)

# %% [markdown]
# ## The device
#
# `reduction` expands the equation of motion about the equilibrium and gives the `Resonator` of the
# rest of rfjax. Beside it, at low power, the voltage by response theory on the whole equation.

# %%
junction = Junction(5e-12, layer(90e-9).area, 1.0)
device = reduction(layer(90e-9), UPRIGHT, field=FIELD).resonator(
    TunnelResistance(junction, [1.0, 0.0, 0.0])
)
print(device)

# %%
tones = frequency(90e-9) * jnp.linspace(0.96, 1.04, 401)
powers = jnp.array([1e-11, 2e-9, 1e-8])  # W
resistance = junction.resistance(0.0)
volts = rfjax.spectrum(device, powers, tones)
amplitude = jnp.sqrt(2 * powers[0] / resistance)  # A, of the smallest power
response = diode_voltage(
    layer(90e-9),
    UPRIGHT,
    TunnelResistance(junction, [1.0, 0.0, 0.0]),
    amplitude,
    tones,
    field=FIELD,
)

drawn, (axes,) = figure(width=1.2, aspect=0.6)
for power, each, colour in zip(powers, volts, COLOURS):
    axes.plot(tones / 1e9, each / power / 1e3, color=colour, label=f"{1e9 * power:g} nW")
axes.plot(tones / 1e9, response / powers[0] / 1e3, "k:", label="response theory")
axes.set(xlabel="tone (GHz)", ylabel="voltage over power (kV/W)")
axes.legend()
shown(drawn)

# %% [markdown]
# ## The network
#
# The digits, averaged to 4 × 4 pixels, arrive as 16 tones. Ten chains of 16 junctions weigh them:
# nothing tunes a junction, its diameter is its weight. A `Derived` parameter stands in the network
# for what it computes from others, a `Bounded` one stays in its bounds. What changes of a nanometre
# do to the devices beside their resonances is left out here; `rfjax reproduce stack-to-network` has
# it, with 640 junctions of 64 tones.

# %%
line = rfjax.Line.geometric(2.0e9, 2.3e9, 16, 2e-10)
design = np.interp(line.frequencies, frequency(diameters)[::-1], diameters[::-1])


def detunings(change, anisotropy, frequencies):
    """How far each junction is from its own tone, in linewidths."""
    found = resonance(layer(jnp.asarray(design) + change, anisotropy), UPRIGHT, field=FIELD)
    return spin_diode.reduced_detuning(frequencies, found.frequency, 0.0045)


start = jax.random.normal(jax.random.key(0), (10, 16)) * 1e-11  # m
some = layer(jnp.asarray(design))
pillars = TunnelResistance(Junction(5e-12, some.area, 1.0), [1.0, 0.0, 0.0])
designed = reduction(some, UPRIGHT, field=FIELD).resonator(pillars).at(line.frequencies)
array = rfjax.arrays.ResonatorArray(detunings(start, 6.5e-4, line.frequencies), designed, line)
network = Network([Synapses.at_start(array, gain=3.0)])
network = network.with_parameter(
    lambda network: network.layers[0].array.detuning,
    Derived(
        detunings,
        Bounded.of(start, -2e-9, 2e-9),
        Bounded.of(6.5e-4, 6.4e-4, 6.6e-4),
        line.frequencies,
    ),
)
print(network)

# %% [markdown]
# ## Trained by geometry
#
# `fit` does not know that diameters train: it follows the gradient.

# %%
images, digits = load_digits()
images = images.reshape(-1, 4, 2, 4, 2).mean((2, 4)).reshape(-1, 16)
trained, history = fit(
    network,
    images,
    digits,
    split=FixedSplit(0.25),
    keys=jax.random.key(1),
    epochs=4,
    batch_size=50,
    optimiser=optax.adam(2e-2),
)
print(f"test accuracy {100 * history.test_accuracy[-1].item():.1f} %")

# %%
change, anisotropy, _ = resolved(trained.layers[0].array.detuning.arguments)
print(f"anisotropy {1e6 * (float(anisotropy) - 6.5e-4):+.2f} µJ/m²")

drawn, (axes,) = figure(width=1.2, aspect=0.6)
for digit, colour in zip((0, 1, 2), COLOURS):
    axes.plot(1e9 * design, 1e9 * change[digit], "o-", color=colour, label=f"chain of {digit}")
axes.set(xlabel="designed diameter (nm)", ylabel="trained change (nm)")
axes.legend()
shown(drawn)

# %% [markdown]
# The changes are tenths of a nanometre, which nobody etches: what a network learns by geometry
# tells how well resonances have to be tuned.
