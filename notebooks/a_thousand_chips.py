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
# # A thousand chips
#
# A network is trained once, as if all resonators were alike. Then a thousand chips of it are made,
# each with devices of its own. How many of them are good enough? What spoils the others? And what
# can be done about it?

# %%
import io

import jax
import jax.numpy as jnp
import matplotlib as mpl
import numpy as np
import optax
from IPython.display import Image

import rfjax
from rfjax import hardware
from rfjax.data import FixedSplit, load_digits
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
# ## A network that reads digits
#
# Ten chains of 64 resonators: one chain for each digit, one resonator for each pixel. Each of them
# receives the tone of its pixel alone. How far it is detuned from that tone sets its weight, and
# these detunings train. No test image is ever trained on.

# %%
images, digits = load_digits()
order, split = jax.random.key(0), FixedSplit(0.25)
line = rfjax.Line.geometric(100e6, 350e6, 64, 1e-5)  # tones in Hz, W at most on the first


def trained(network, epochs, optimiser, **options):
    """The network after training."""
    return fit(
        network,
        images,
        digits,
        split=split,
        keys=order,
        epochs=epochs,
        batch_size=20,
        optimiser=optimiser,
        **options,
    )[0]


_, test = split(0, len(digits), key=order)
test_images, test_digits = jnp.asarray(images)[test], jnp.asarray(digits)[test]


def accuracy(network):
    """The share of the test images that a network reads, in %."""
    return 100 * float(jnp.mean(jnp.argmax(network(test_images), axis=1) == test_digits))


network = rfjax.nn.mlp(
    (10,),
    lines=line,
    resonators=rfjax.Resonator(line.frequencies),
    wiring=rfjax.arrays.OwnTone(),
    rectifier=rfjax.rectifiers.Linear(),
    key=jax.random.key(1),
    spread=0.1,
    gain=3.0,
    tolerance=None,  # so few are computed directly
)
network = trained(network, 20, optax.adam(0.01))
print(f"{accuracy(network):.1f} % of {len(test)} test images")

# %% [markdown]
# ## What a chip is
#
# No two junctions are alike. Here the resonances differ by 0.1 % from device to device, and all
# other fields that linear resonators use by 5 %. One resonator in a hundred is stuck at its tone.

# %%
SPREADS = {"frequency": 1e-3, "damping": 0.05, "rectification": 0.05, "antisymmetric": 0.05}
effects = [hardware.Spread(field, spread) for field, spread in SPREADS.items()]
effects.append(hardware.Stuck(0.01))
chip = hardware.fabricated(network, effects, key=jax.random.key(2))
print(f"{accuracy(chip):.1f} % on one chip")

# %% [markdown]
# ## A thousand of them
#
# All chips are made and tested in one compiled program. The yield is the share of chips that meet a
# specification: here, at least 93 % of the test images.

# %%
SPECIFIED = 0.93
rows = {"inputs": test_images, "labels": test_digits}
chips = hardware.monte_carlo(network, effects, key=jax.random.key(3), chips=1000, **rows)
print(chips)
print(f"yield: {100 * chips.fraction_above(SPECIFIED):.0f} %")

drawn, (left, right) = figure(1, 2, aspect=0.8)
bins = np.arange(70, 101)
left.hist(100 * chips.accuracy, bins, color=COLOURS[0])
left.axvline(100 * SPECIFIED, color="black", lw=0.8, ls="--", label="specified")
left.axvline(accuracy(network), color="black", lw=0.8, ls=":", label="as meant")
left.set(xlabel="test accuracy (%)", ylabel="chips", title="a thousand chips")
left.legend(loc="upper left")
levels = np.linspace(0.7, 1, 121)
right.plot(100 * levels, [100 * chips.fraction_above(level) for level in levels])
right.axvline(100 * SPECIFIED, color="black", lw=0.8, ls="--")
right.set(xlabel="specified accuracy (%)", ylabel="yield (%)", title="what meets a specification")
shown(drawn)

# %% [markdown]
# ## Which parameter spoils them
#
# The loss of a chip depends on the strength of each spread, and JAX differentiates it. A bar says
# by how much the mean loss would grow if one spread doubled and loss grew on as it begins. The
# longest bar is what to improve first.

# %%
spreads = effects[:-1]  # a number of faults has no derivative
few = hardware.monte_carlo(
    network, spreads, key=jax.random.key(3), chips=100, sensitivities=True, **rows
)
found = few.sensitivities()
drawn, (axes,) = figure(width=1.4, aspect=0.5)
names = [f"{field.replace('_', ' ')}, {100 * spread:g} %" for field, spread in SPREADS.items()]
slopes, errors = np.transpose(list(found.values()))
axes.barh(names, slopes, xerr=errors, color=COLOURS[0])
axes.invert_yaxis()
axes.set(xlabel="growth of the mean loss (nats)")
shown(drawn)

# %% [markdown]
# ## Trained for it
#
# Training can draw another chip in each step. So the network learns what suits most chips.

# %%
EPOCHS = 15
falling = optax.adam(optax.cosine_decay_schedule(0.02, EPOCHS * 67))  # 67 batches an epoch
aware = trained(network, EPOCHS, falling, loss=hardware.NoiseAware(effects))
better = hardware.monte_carlo(aware, effects, key=jax.random.key(3), chips=1000, **rows)
print(f"yield: {100 * better.fraction_above(SPECIFIED):.0f} %")

drawn, (axes,) = figure(width=1.4, aspect=0.5)
for each, colour, label in (
    (chips, COLOURS[0], "trained as if all were alike"),
    (better, COLOURS[1], "trained on chips drawn anew"),
):
    axes.hist(100 * each.accuracy, bins, color=colour, alpha=0.6, label=label)
axes.axvline(100 * SPECIFIED, color="black", lw=0.8, ls="--", label="specified")
axes.set(xlabel="test accuracy (%)", ylabel="chips of a thousand")
axes.legend(loc="upper left")
shown(drawn)

# %% [markdown]
# ## One bad chip, repaired
#
# The worst chip that there is need not be thrown away. Its devices stay as they are, and what is
# stuck stays stuck; all other detunings train on.

# %%
worst = int(np.argmin(chips.accuracy))
key = hardware.chip_key(jax.random.key(3), worst)
bad = hardware.fabricated(network, effects, key=key)
written = trained(network, EPOCHS, falling, loss=hardware.GivenChip(effects, key=key))
repaired = hardware.fabricated(written, effects, key=key)
print(f"chip {worst}: {accuracy(bad):.1f} % -> {accuracy(repaired):.1f} %")

drawn, panels = figure(1, 3, width=0.62, aspect=1.0)
logits = {"as meant": network, "the worst chip": bad, "repaired": repaired}
for axes, (name, model) in zip(panels, logits.items(), strict=True):
    read = np.asarray(jnp.argmax(model(test_images), axis=1))
    counts = np.zeros((10, 10))
    np.add.at(counts, (np.asarray(test_digits), read), 1)
    image = axes.imshow(counts, cmap="Blues", vmin=0, vmax=50)
    axes.grid(False)
    axes.set(xticks=range(10), yticks=range(10), xlabel="read as", title=name)
panels[0].set(ylabel="digit")
drawn.colorbar(image, ax=panels, label="test images")
shown(drawn)
