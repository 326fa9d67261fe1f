r"""Thiele's equation of a magnetic vortex in a disc, in reduced variables.

$$\mathbf G\times\dot{\mathbf X}-D\dot{\mathbf X}-\frac{\partial W}{\partial\mathbf X}+\mathbf F
=0$$

(Thiele, Phys. Rev. Lett. 30, 230, 1973), of the two-vortex ansatz outside of the core (see
`rfjax.laws.vortex_charges.stiffness`) and Usov's and Peschany's profile within it. The position of
the core is $\mathbf s=\mathbf X/R$; forces are in units of $\mu_0M_s^2L^2$, energies of
$\mu_0M_s^2L^2R$, time is $\tau=\gamma_0M_s\frac LRt$, so that every number is of order one. All to
fourth order of energies in $s$, to second order of the damping.

A field along the normal tilts the magnetisation of the disc by $h=m_z$ (`tilt`). $C=\pm1$ is the
chirality, +1 where the magnetisation circulates like the field of a current along +z, and $P=\pm1$
the polarity, the sign of $m_z$ in the core. Vectors in the plane are two components that broadcast.
"""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.laws.llgs import GYROMAGNETIC_RATIO

Pair = tuple[ArrayLike, ArrayLike]
Found = tuple[Float[Array, "..."], Float[Array, "..."]]


def gyrovector(polarity: ArrayLike, tilt: ArrayLike = 0.0) -> Float[Array, "..."]:
    r"""The gyrovector: the solid angle of the core, $g=2\pi(P-h)$.

    $\mathbf G=-\frac{\mu_0M_sL}{\gamma_0}g\,\mathbf e_z$. It does not depend on the position, so
    that $s^2$ is an action: of an orbit, its area in the plane over $\pi$.

    **Arguments:** `polarity` $P$; `tilt` $h$.

    **Returns:** $g$, without unit.
    """
    return jnp.asarray(2 * jnp.pi * (polarity - jnp.asarray(tilt)))


def damping_tensor(
    position: Pair,
    damping: ArrayLike,
    core: ArrayLike,
    polarity: ArrayLike,
    tilt: ArrayLike = 0.0,
) -> tuple[Float[Array, "..."], Float[Array, "..."], Float[Array, "..."]]:
    r"""The damping of the core's motion, in units of $\mu_0M_sL/\gamma_0$:
    $d_{ij}=\pi\alpha\left[\left(2(1-Ph)+(1-h^2)\left(\ln\frac Rb+\mathrm{artanh}\,Ph
    -\frac34+\frac{s^2}6\right)\right)\delta_{ij}-(1-h^2)\,s_is_j\right]$.

    From $\alpha\int\partial_i\mathbf m\cdot\partial_j\mathbf m\,d^2s$ with derivatives by where the
    core is. In the middle $d/g=\alpha(\frac12\ln\frac Rb+\frac58)$ without a field (Guslienko,
    Appl. Phys. Lett. 89, 022510, 2006). Along an orbit it grows by $s^2/6$; across it falls.

    **Arguments:** `position` $\mathbf s$; Gilbert `damping` $\alpha$; `core` $b/R$: the radius of
    the core without a field over that of the disc; `polarity` $P$; `tilt` $h$.

    **Returns:** $d_{xx}$, $d_{xy}$ and $d_{yy}$, without unit.
    """
    x, y = map(jnp.asarray, position)
    along, strength = jnp.asarray(polarity * jnp.asarray(tilt)), jnp.asarray(jnp.pi * damping)
    outside = strength * (1 - along**2)
    spread = -jnp.log(core) + jnp.arctanh(along) - 0.75 + (x**2 + y**2) / 6
    both = 2 * strength * (1 - along) + outside * spread
    return both - outside * x**2, -outside * x * y, both - outside * y**2


def stiffness(
    magnetostatic: Pair,
    exchange: ArrayLike,
    oersted: ArrayLike,
    chirality: ArrayLike,
    tilt: ArrayLike = 0.0,
) -> Found:
    r"""What holds the core in the middle, $w=\frac\kappa2s^2+\frac{\kappa'}4s^4$, from the charges,
    the exchange and the Oersted field of a current through the disc.

    $$\kappa=(1-h^2)\left(k_2+2e\right)+\tfrac4{15}\,C\,\sqrt{1-h^2}\,j,\qquad
    \kappa'=(1-h^2)\left(k_4+2e\right)-\tfrac{16}{105}\,C\,\sqrt{1-h^2}\,j$$

    The exchange energy is $-2\pi AL\ln(1-s^2)$, so that $e=\pi\ell^2/(LR)$; that in the Oersted
    field of a uniform current density $\kappa_{Oe}=\frac{4\pi}{15}\mu_0M_sLRJ$ and
    $\kappa'_{Oe}=-\frac47\kappa_{Oe}$; the literature quotes 0.85 in place of 0.838 and $-\frac12$
    from Dussaux et al., Phys. Rev. B 86, 014402 (2012), which we have not seen.

    **Arguments:** `magnetostatic` $k_2$ and $k_4$; `exchange` $e$; `oersted`
    $j=I/(M_sL)$; `chirality` $C$; `tilt` $h$.

    **Returns:** $\kappa$ and $\kappa'$, without unit.
    """
    in_plane = 1 - jnp.square(tilt)
    current = jnp.asarray(chirality * jnp.sqrt(in_plane) * oersted)
    second, fourth = map(jnp.asarray, magnetostatic)
    return (
        in_plane * (second + 2 * jnp.asarray(exchange)) + 4 / 15 * current,
        in_plane * (fourth + 2 * jnp.asarray(exchange)) - 16 / 105 * current,
    )


def pull(field: Pair, slenderness: ArrayLike, chirality: ArrayLike, tilt: ArrayLike = 0.0) -> Found:
    r"""The force of a field in the plane on a core in the middle:
    $\mathbf q=-\frac{2\pi}3C\,\frac RL\sqrt{1-h^2}\,(h_y,-h_x)$.

    **Arguments:** `field` over $M_s$; `slenderness` $R/L$; `chirality` $C$; `tilt` $h$.

    **Returns:** $\mathbf q$.
    """
    size = -2 * jnp.pi / 3 * jnp.sqrt(1 - jnp.square(tilt)) * chirality * slenderness
    size = jnp.asarray(size)
    return size * field[1], -size * field[0]


def energy(position: Pair, stiffness: Pair, pull: Pair) -> Float[Array, "..."]:
    r"""The energy of a core off the middle:
    $w=\frac\kappa2s^2+\frac{\kappa'}4s^4-\left(1-\frac{s^2}5\right)\mathbf q\cdot\mathbf s$.

    **Arguments:** `position` $\mathbf s$; `stiffness` $\kappa$ and $\kappa'$; `pull` $\mathbf q$.

    **Returns:** $w$, in units of $\mu_0M_s^2L^2R$.
    """
    x, y = map(jnp.asarray, position)
    square = x**2 + y**2
    held = stiffness[0] * square / 2 + stiffness[1] * square**2 / 4
    return jnp.asarray(held - (1 - square / 5) * (pull[0] * x + pull[1] * y))


def force(position: Pair, stiffness: Pair, pull: Pair) -> Found:
    r"""The force on a core: $-\partial w/\partial\mathbf s=-(\kappa+\kappa's^2)\,\mathbf s
    +\left(1-\frac{s^2}5\right)\mathbf q-\frac25(\mathbf q\cdot\mathbf s)\,\mathbf s$.

    **Arguments:** those of `energy`.

    **Returns:** its components.
    """
    x, y = position
    square = jnp.square(x) + jnp.square(y)
    back = stiffness[0] + stiffness[1] * square + 2 / 5 * (pull[0] * x + pull[1] * y)
    left = 1 - square / 5
    return left * pull[0] - back * x, left * pull[1] - back * y


def torque_force(
    position: Pair,
    polariser: tuple[ArrayLike, ArrayLike, ArrayLike],
    damping_like: ArrayLike,
    field_like: ArrayLike,
    thickness: tuple[ArrayLike, ArrayLike],
    polarity: ArrayLike,
    chirality: ArrayLike,
    tilt: ArrayLike = 0.0,
) -> Found:
    r"""The force of the torques of a current that a polariser $\mathbf p$ has polarised.

    Perpendicular to the film the damping-like field $a$ turns the core about the middle,
    $-\pi a\frac RL(1-h^2)\,p_z\,\mathbf e_z\times\mathbf s$, at any $s$ (Khvalkovskiy et al., Phys.
    Rev. B 80, 140401, 2009). In the plane it acts as a field $ah\,\mathbf e_z\times\mathbf p$ does,
    and within the core with the force $-\pi aPC\frac bL(1-Ph)^2\,\mathbf p$. The field-like one
    is a field $b\,\mathbf p$, whose part along the normal belongs to `tilt`.

    **Arguments:** `position` $\mathbf s$; `polariser`, three components; `damping_like` $a$ and
    `field_like` $b$ over $M_s$; `thickness`: radius and core radius over it, $R/L$ and $b/L$;
    `polarity` $P$; `chirality` $C$; `tilt` $h$.

    **Returns:** its components.
    """
    x, y = position
    along, across, normal = polariser
    slenderness, core = thickness
    tilt, damping_like = jnp.asarray(tilt), jnp.asarray(damping_like)
    turning = -jnp.pi * damping_like * slenderness * (1 - jnp.square(tilt)) * normal
    within = -jnp.pi * damping_like * polarity * chirality * core * (1 - polarity * tilt) ** 2
    acting = (
        field_like * along - damping_like * tilt * across,
        field_like * across + damping_like * tilt * along,
    )
    first, second = force(position, (0.0, 0.0), pull(acting, slenderness, chirality, tilt))
    return first - turning * y + within * along, second + turning * x + within * across


def velocity(force: Pair, gyrovector: ArrayLike, damping: tuple[ArrayLike, ...]) -> Found:
    r"""How fast a core moves under a force: $\dot{\mathbf s}$ from
    $-g\,\mathbf e_z\times\dot{\mathbf s}-d\,\dot{\mathbf s}+\mathbf f=0$.

    Without damping a vortex of positive polarity runs about a minimum of its energy from x to y.

    **Arguments:** `force` $\mathbf f$; `gyrovector` $g$; `damping` $d_{xx}$, $d_{xy}$, $d_{yy}$.

    **Returns:** $d\mathbf s/d\tau$.
    """
    xx, xy, yy = map(jnp.asarray, damping)
    x, y = map(jnp.asarray, force)
    determinant = xx * yy - xy**2 + jnp.square(gyrovector)
    return (
        (yy * x - (xy - gyrovector) * y) / determinant,
        (xx * y - (xy + gyrovector) * x) / determinant,
    )


def magnetisation(position: Pair, chirality: ArrayLike, tilt: ArrayLike = 0.0) -> tuple:
    r"""The mean direction of the magnetisation of the disc: in the plane
    $-\frac23C\sqrt{1-h^2}\left(1-\frac{s^2}5\right)\mathbf e_z\times\mathbf s$, along the normal
    $h$, the core left out.

    **Arguments:** `position` $\mathbf s$; `chirality` $C$; `tilt` $h$.

    **Returns:** three components.
    """
    x, y = position
    square = jnp.square(x) + jnp.square(y)
    size = -2 / 3 * chirality * jnp.sqrt(1 - jnp.square(tilt)) * (1 - square / 5)
    return -size * y, size * x, jnp.asarray(tilt) + 0 * square


def frequency(
    magnetisation: ArrayLike,
    aspect: ArrayLike,
    stiffness: ArrayLike,
    gyrovector: ArrayLike,
    gyromagnetic_ratio: ArrayLike = GYROMAGNETIC_RATIO,
) -> Float[Array, "..."]:
    r"""The gyrotropic frequency without damping:
    $f=\frac{\gamma_0M_s}{2\pi}\,\beta\,\frac\kappa{|g|}$.

    In a thin dot, of charges alone and with $\kappa=10/9$, $\omega=\frac5{9\pi}\gamma_0M_s\beta$
    (Guslienko, Appl. Phys. Lett. 89, 022510, 2006). The relative shift with $p=s^2$ is
    $N=\kappa'/\kappa$.

    **Arguments:** `magnetisation` $M_s$ in A/m; `aspect` $\beta=L/R$; `stiffness` $\kappa$;
    `gyrovector` $g$; `gyromagnetic_ratio` $\gamma_0$ in m/(A·s).

    **Returns:** Hz.
    """
    rate = gyromagnetic_ratio * jnp.asarray(magnetisation) * aspect
    return jnp.asarray(rate * stiffness / jnp.abs(jnp.asarray(gyrovector)) / (2 * jnp.pi))
