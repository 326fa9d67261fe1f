r"""Fig. 51: 64 tones on one chain of 64 resonators, and the combs of 5.4.3.

The comb is the printed one: 64 tones from 100 to 353 MHz at a constant ratio (5.19, 5.20), a
spacing coefficient equal to the damping, so that neighbours lie two linewidths apart. The figure
shows the voltage of the chain, head to tail, against the frequency of one tone of 10 µW.

A geometric comb keeps neighbours the same number of linewidths apart, and powers in proportion to
frequency make every resonator rectify alike (5.4.3.2). Without either, the upper tones of a linear
comb reach their neighbours' resonators, or count for less than the lower ones. A comb from 50 MHz
to 1 GHz, which is ours, sets them 4.9 linewidths apart: there a neighbour gives half of what the
own tone gives, on the printed comb as much.

A chain adds up what every resonator makes of every tone; ideally each would rectify its own tone
alone, with the weight that it has at full power. The tones of the others add an offset, most of it
from both ends of the comb, where a tone has neighbours on one side only, and lower the gain, since
they weigh against the own detuning. A read-out takes both into account; what scatters about the
best line is error, and the correlation tells of it. On a geometric comb nearly all of it comes from
the neighbours, hardly any from the nonlinearity.
"""

import time
from functools import partial
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from matplotlib.axes import Axes

from rfjax.arrays import Chain, head_to_tail
from rfjax.devices import Resonator
from rfjax.experiments.common.agreement import agreement_rows, best_line, draw_agreement
from rfjax.experiments.common.one_tone import conversion
from rfjax.experiments.common.result import Result, Row
from rfjax.laws.frequency_comb import geometric_comb, linear_comb, scaled_powers, spacing
from rfjax.laws.spin_diode import reduced_detuning, resonance_frequency
from rfjax.plotting import COLOURS, figure, save, styled
from rfjax.rectifiers import AbstractToneByTone, Independent, Linear

SHOWS = ("Fig. 51",)

COUNT = 64
LOWEST, HIGHEST = 100e6, 353e6  # Hz
WIDE = 50e6, 1e9  # Hz
POWER, DAMPING = 10e-6, 0.01  # W, the first tone at full power; Gilbert damping
ENDS = (80e6, 400e6)  # Hz, of the frequency axis of Fig. 51
EXTREME = 1.0  # linewidths, the detuning of the largest weight
MODELS: dict[str, AbstractToneByTone] = {"linear": Linear(), "independent": Independent()}
MICRO = 1e-6


class Layout(eqx.Module):
    """Tones and their powers.

    **Arguments:** `tones` in Hz; `powers`: of the tones at full power, W.
    """

    tones: Float[Array, " tones"] = eqx.field(converter=partial(jnp.asarray, dtype=float))
    powers: Float[Array, " tones"] = eqx.field(converter=partial(jnp.asarray, dtype=float))


def layouts() -> dict[str, Layout]:
    """The layout of 5.4.3, two that each do without one half of it, and a wider one."""
    geometric, linear = (comb(LOWEST, HIGHEST, COUNT) for comb in (geometric_comb, linear_comb))
    wide = geometric_comb(*WIDE, COUNT)
    return {
        "geometric comb, scaled powers": Layout(geometric, scaled_powers(POWER, geometric)),
        "geometric comb, equal powers": Layout(geometric, jnp.full(COUNT, POWER)),
        "linear comb, scaled powers": Layout(linear, scaled_powers(POWER, linear)),
        "50 MHz to 1 GHz, scaled powers": Layout(wide, scaled_powers(POWER, wide)),
    }


def run(out: Path, *, quick: bool = False) -> Result:
    """Measure tones in neighbouring resonators, and random products, on all layouts.

    **Arguments:** `out`: where result.json and chain_64.png go; `quick`: fewer products.

    **Returns:** the result: distance and reach of neighbours, evenness of the weights, deviation,
    correlation and best line of the products.
    """
    start = time.perf_counter()
    draws = 200 if quick else 2000
    rows, products = [], {}
    for name, layout in layouts().items():
        rows += [*distance_rows(name, layout), *reach_rows(name, layout)]
        rows += [row for model in MODELS for row in evenness_rows(name, layout, model)]
        for model in MODELS:
            output, ideal = multiply_accumulate(layout, MODELS[model], draws)
            products[name, model] = output, ideal
            rows += product_rows(f"{name}, {model}", output, ideal)
    settings = {
        "tones": f"{COUNT}, {LOWEST:g} to {HIGHEST:g} Hz",
        "tones of the wide comb": f"{COUNT}, {WIDE[0]:g} to {WIDE[1]:g} Hz",
        "power (W)": f"{POWER:g} on the first tone at full power",
        "damping": DAMPING,
        "weights and reach at (linewidths)": EXTREME,
        "products": f"{draws}, each with its own detunings from -1 to 1 linewidths and powers from "
        "zero to full, all uniform",
        "chosen by": "the figure has no printed numbers; the products and the wide comb are ours",
    }
    if quick:
        settings["quick"] = "fewer products"
    result = Result("chain-64", rows, time.perf_counter() - start, settings)
    result.save(out)
    _draw(products, out / "chain_64.png")
    _draw_spectrum(out / "chain_64_spectrum.png")
    return result


def distance_rows(name: str, layout: Layout) -> list[Row]:
    """How many linewidths the nearest and the farthest neighbours lie apart."""
    spacings = reduced_detuning(layout.tones[1:], layout.tones[:-1], DAMPING)
    nearest, farthest = float(spacings.min()), float(spacings.max())
    law = item = None
    if name == next(iter(layouts())):
        # f_{i+1} - f_i = µ(f_{i+1} + f_i)
        half = float(spacing(LOWEST, HIGHEST, COUNT))
        law, item = 2 * half / (1 - half) / DAMPING, "Fig. 51"
    return [
        Row(f"{name}: nearest neighbours", "linewidths", None, nearest, law=law, item=item),
        Row(f"{name}: farthest neighbours", "linewidths", None, farthest, law=law, item=item),
    ]


def spectrum(tones: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Fig. 51: the voltage of the chain against the frequency of one tone of `POWER`, V."""
    resonators = Resonator(geometric_comb(LOWEST, HIGHEST, COUNT), DAMPING)
    volts = POWER * conversion(Independent(), resonators, POWER, tones[:, None])
    return np.asarray(head_to_tail(jnp.asarray(volts, float)), np.float64)


def reach_rows(name: str, layout: Layout) -> list[Row]:
    """The least and the largest reach of neighbouring tones, of the voltage of the own tone."""
    reaches = 100 * reach(layout)
    return [
        Row(f"{name}: least reach of a neighbour", "%", None, float(reaches.min())),
        Row(f"{name}: largest reach of a neighbour", "%", None, float(reaches.max())),
    ]


def evenness_rows(name: str, layout: Layout, model: str) -> list[Row]:
    """How even the weights are along the comb: the largest voltage of own tones over the least.

    **Arguments:** `name` of the `layout`; `model`: a name out of `MODELS`.

    **Returns:** one row.
    """
    own = np.abs(np.diagonal(voltages(layout, MODELS[model])))
    what = f"{name}, {model}: largest over least weight"
    return [Row(what, "1", None, float(own.max() / own.min()))]


def product_rows(what: str, output: Float[Array, "*n"], ideal: Float[Array, "*n"]) -> list[Row]:
    """Deviation, correlation and the best line of the products.

    **Arguments:** `what` is compared; `output` and `ideal` voltages, V.

    **Returns:** four rows.
    """
    slope, offset = best_line(output, ideal)
    return [
        *agreement_rows(what, output, ideal),
        Row(f"{what}: slope of the best line", "1", None, slope),
        Row(f"{what}: offset of the best line", "µV", None, offset / MICRO),
    ]


@eqx.filter_jit
def voltages(
    layout: Layout, rectifier: AbstractToneByTone = MODELS["independent"]
) -> Float[Array, "tones resonators"]:
    """What each resonator makes of each tone alone at full power, all at the largest weight.

    **Arguments:** `layout`; `rectifier`: a rectifier model.

    **Returns:** volts; those of the own tones stand on the diagonal.
    """
    resonators = Resonator(resonance_frequency(layout.tones, EXTREME, DAMPING), DAMPING)
    return rectifier(resonators, jnp.diag(layout.powers), layout.tones)


def reach(layout: Layout) -> Float[np.ndarray, " inner"]:
    """What the stronger of both neighbouring tones gives in a resonator, of its own tone's.

    **Arguments:** `layout`.

    **Returns:** ratios of voltages, without unit and sign, of all resonators but the two outermost.
    """
    volts = np.abs(voltages(layout))
    from_below, from_above = np.diagonal(volts, 1)[:-1], np.diagonal(volts, -1)[1:]
    return np.maximum(from_below, from_above) / np.diagonal(volts)[1:-1]


@eqx.filter_jit
def multiply_accumulate(
    layout: Layout, rectifier: AbstractToneByTone, draws: int
) -> tuple[Float[Array, " draws"], Float[Array, " draws"]]:
    """Random powers through chains of random detunings.

    **Arguments:** `layout`; `rectifier`: a rectifier model; `draws`: how many products.

    **Returns:** the voltages of the chains, and those of chains in which each resonator rectifies
    its own tone alone, with the weight that it has at full power; V.
    """
    keys = jax.random.split(jax.random.key(0))
    shape = (draws, COUNT)
    detuning = jax.random.uniform(keys[0], shape, minval=-EXTREME, maxval=EXTREME)
    powers = layout.powers * jax.random.uniform(keys[1], shape)
    resonators = Resonator(resonance_frequency(layout.tones, detuning, DAMPING), DAMPING)
    weights = rectifier.conversion(resonators, detuning, layout.powers)

    def chain(
        resonances: Float[Array, " resonators"], powers: Float[Array, " tones"]
    ) -> Float[Array, ""]:
        alone = Resonator(resonances[None], DAMPING)
        return Chain(alone, rectifier)(powers, layout.tones)[0]

    return jax.vmap(chain)(resonators.frequency, powers), head_to_tail(powers * weights)


@styled
def _draw(products: dict[tuple[str, str], tuple[Array, Array]], path: Path) -> None:
    drawn, (response, reaches, *panels) = figure(2, 3, width=0.7, aspect=0.95)
    given = layouts()
    colours, marks = dict(zip(given, COLOURS)), dict(zip(given, "os^v"))
    for name, layout in given.items():
        volts = np.abs(head_to_tail(voltages(layout))) / MICRO
        _draw_along(response, layout.tones, volts, marks[name], colours[name], name)
        if "scaled" in name:
            _draw_along(
                reaches, layout.tones[1:-1], 100 * reach(layout), marks[name], colours[name]
            )
    response.set(ylabel="voltage of the chain (µV)", title="(a) each tone alone", ylim=(0, None))
    reaches.set(
        ylabel="of own tone's voltage (%)", title="(b) reach of neighbouring tones", ylim=(0, None)
    )
    drawn.legend(*response.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    shown = [key for key in products if key[1] == "independent"]
    for panel, letter, (name, model) in zip(panels, "cdef", shown, strict=True):
        draw_agreement(panel, *products[name, model], colours[name])
        panel.set_title(f"({letter}) products, {model}")
    save(drawn, path)


@styled
def _draw_spectrum(path: Path) -> None:
    drawn, (axes,) = figure(width=2.0, aspect=0.4)
    tones = np.linspace(*ENDS, 8001)
    axes.plot(tones / 1e6, spectrum(tones) / MICRO, lw=0.8)
    axes.set(xlabel="tone frequency (MHz)", ylabel="voltage of the chain (µV)")
    axes.set_title(f"{COUNT} resonators head to tail, {POWER / MICRO:g} µW")
    save(drawn, path)


def _draw_along(axes: Axes, tones, values, mark: str, colour: str, label: str | None = None):
    axes.semilogx(tones / 1e6, values, mark, ms=2.5, color=colour, label=label)
    axes.set(xlabel="tone frequency (MHz)")
    axes.set_xticks([50, 100, 200, 500, 1000], ["50", "100", "200", "500", "1000"])
    axes.minorticks_off()
