"""The Fokker–Planck equation of a driven resonator in thermal noise, as a matrix.

In a basis of complex Hermite polynomials about the steady state: independent of any approximation
but the number of polynomials.
"""

import numpy as np
import scipy.linalg


def reading(x, s, n, q, thermal, times, read, *, ratio=0.0, count=14):
    r"""Mean and variance of the mean of $\mathrm{Re}\,h^*a$ over times, without N in the diffusion.

    **Arguments:** `x`, `s`, `n`, `q` of the resonator without a current, in its linewidths;
    `thermal` $p_T$; `times`; `read` $h$; `ratio` of a current to its threshold; `count` of
    polynomials in each direction.
    """
    centre = _steady(x, s, n, q, ratio)
    size = np.sqrt(thermal / (1 - ratio))
    lower, one = np.diag(np.sqrt(np.arange(1, count)), 1), np.eye(count)
    whole = np.eye(count * count)
    a = centre * whole + size * (np.kron(lower.T, one) + np.kron(one, lower))
    conjugate = np.conj(centre) * whole + size * (np.kron(one, lower.T) + np.kron(lower, one))
    slope, slope_of_conjugate = np.kron(lower, one) / size, np.kron(one, lower) / size
    power = a @ conjugate
    k = q + ratio + 1j * n
    drift = np.sqrt(s) * whole - (1 - ratio - 1j * x - thermal * q) * a - k * a @ power
    back = (
        np.sqrt(s) * whole
        - (1 - ratio + 1j * x - thermal * q) * conjugate
        - np.conj(k) * conjugate @ power
    )
    diffusion = 2 * thermal * (whole + q * power)
    generator = drift @ slope + back @ slope_of_conjugate + diffusion @ slope @ slope_of_conjugate
    inner = generator[1:, 1:]
    # The stationary state gives every change the mean zero.
    state = np.concatenate([[1], np.linalg.solve(inner.T, -generator[0, 1:])])
    signal = (np.conj(read) * a + read * conjugate) / 2
    mean = state @ signal[:, 0]
    once = np.linalg.solve(inner, signal[1:, 0])
    twice = np.linalg.solve(inner, once)
    variances = []
    for time in times:
        decayed = scipy.linalg.expm(inner * time) @ twice - twice - time * once
        left = np.concatenate([[0], decayed])
        left[0] = -(state @ left)
        variances.append(2 / time**2 * (state @ signal @ left).real)
    return mean.real, np.array(variances)


def _steady(x, s, n, q, ratio):
    growth = q + ratio
    cubic = [growth**2 + n**2, 2 * (growth * (1 - ratio) - n * x), (1 - ratio) ** 2 + x**2, -s]
    roots = np.roots(np.trim_zeros(cubic, "f"))
    power = min(roots[np.abs(roots.imag) < 1e-9].real)
    return np.sqrt(s) / (1 - ratio + growth * power - 1j * (x - n * power))
