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
# # Devices and a network, designed together
#
# Digits are read by ten chains of resonators. Damping, nonlinear shift, diameter of the junctions
# and power of the tones train beside the detunings, on accuracy and on energy.

# %%
import io

import jax
import jax.numpy as jnp
import matplotlib as mpl
import numpy as np
from IPython.display import Image

from rfjax.arrays import costs
from rfjax.data import load_digits
from rfjax.experiments.co_design import designs
from rfjax.nn import resolved
from rfjax.plotting import COLOURS, figure
from rfjax.training import seed_keys
from rfjax.training.ensemble import separate

mpl.rcParams.update(
    {"axes.titlesize": 8, "font.size": 8, "legend.fontsize": 7, "legend.frameon": False}
)


def shown(drawn):
    """The figure as an image, whatever the backend."""
    png = io.BytesIO()
    drawn.savefig(png, format="png", dpi=300)
    return Image(png.getvalue(), width=700)


# %% [markdown]
# ## A network whose devices are parameters
#
# A `Bounded` number stays within what devices can have. `Derived` makes resonators, tones and the
# unit of the read-out of such numbers, and `Tied` looks up what another place holds.

# %%
starts, orders = seed_keys([0])
network = designs.designed(designs.NOMINAL, key=starts[0])
array = network.layers[0].array
print(array.line)
print(array.resonators)
print(network.layers[0].read_out.unit)

# %% [markdown]
# ## What a presentation costs
#
# The amplifiers of the tones are supplied until the slowest resonator has settled (appendix B).

# %%
images, digits = load_digits()
images, digits = jnp.asarray(images), jnp.asarray(digits)


def spent(network):
    array = resolved(network).layers[0].array
    return costs(array, images * array.peak_powers)


before = spent(network)
print(f"{np.mean(before.energy) * 1e9:.2f} nJ in {before.latency * 1e6:.2f} µs")

# %% [markdown]
# ## One gradient
#
# The loss is the cross-entropy under the Johnson noise of the chains, and the energy: without noise
# a gain makes up for any power, and energy is free.

# %%
parameters, frame = separate(network)
loss = designs.Weighed(jnp.asarray(0.1))  # nats/nJ
slopes = jax.jit(jax.grad(lambda p: loss(resolved(frame.filled(p)), images[:200], digits[:200])))(
    parameters
)
for name, slope in slopes.items():
    print(f"{name:75} {float(jnp.linalg.norm(slope)):.3f}")

# %% [markdown]
# ## Training, with devices and without
#
# The same network, rows and batches; in one of both the devices stay as they are.

# %%
EPOCHS = 12
rows = {"images": images, "digits": digits, "starts": starts, "orders": orders}
moving, still = (
    designs.trained([designs.NOMINAL], 0.1, epochs=EPOCHS, device_rate=rate, **rows)
    for rate in (designs.DEVICE_RATE, 0.0)
)
for name, found in {"devices by the gradient": moving, "nominal devices": still}.items():
    accuracy, energy = 100 * found.accuracy[0], found.energy[0] * 1e9
    print(f"{name}: {accuracy:.1f} % with noise, {energy:.2f} nJ")
for name, value in moving.designs[0].items():
    print(f"{name}: {designs.NOMINAL[name]:.3g} -> {value:.3g}")

# %% [markdown]
# ## What accuracy costs
#
# Another weight of the energy is another point of the front.

# %%
weights = (0.001, 0.01, 0.1, 1.0)
front = [designs.trained([designs.NOMINAL], weight, epochs=EPOCHS, **rows) for weight in weights]
drawn, (axes,) = figure(1, 1)
energies = [found.energy[0] * 1e9 for found in front]
axes.plot(energies, [100 * found.accuracy[0] for found in front], "o-", color=COLOURS[0])
axes.plot(still.energy * 1e9, 100 * still.accuracy, "s", color=COLOURS[1], label="nominal devices")
axes.set(
    xscale="log", xlabel="energy of a presentation (nJ)", ylabel="test accuracy with noise (%)"
)
axes.set_xticks([0.5, 1, 2, 5], ["0.5", "1", "2", "5"])
axes.minorticks_off()
axes.legend()
shown(drawn)
