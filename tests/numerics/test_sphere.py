import jax
import numpy as np

from rfjax.numerics.sphere import chart_velocity, onto_sphere, tangents

RNG = np.random.default_rng(0)
CENTRES = RNG.normal(size=(3, 40))
CENTRES[:, 0] = 0, 0, 1
CENTRES[:, 1] = 0, 0, -1
CENTRES[:, 2] = 1, 0, 0
CENTRES /= np.linalg.norm(CENTRES, axis=0)
W = RNG.uniform(-0.6, 0.6, (2, 40))


def test_tangents_are_right_handed_with_their_vector():
    first, second = map(np.array, tangents(CENTRES))
    for each in (first, second):
        np.testing.assert_allclose((each**2).sum(0), 1, atol=1e-14)
        np.testing.assert_allclose((each * CENTRES).sum(0), 0, atol=1e-14)
    np.testing.assert_allclose(np.cross(first, second, axis=0), CENTRES, atol=1e-14)


def test_the_chart_keeps_areas_and_measures_the_angle():
    m = np.array(onto_sphere(W, CENTRES))
    np.testing.assert_allclose((m**2).sum(0), 1, atol=1e-14)
    cosine = (m * CENTRES).sum(0)
    np.testing.assert_allclose((1 - cosine) / 2, (W**2).sum(0), atol=1e-14)
    slopes = jax.vmap(jax.jacfwd(onto_sphere), (1, 1))(W, CENTRES.T.T)
    sides = np.stack(slopes, 1)  # lane, component, coordinate
    area = np.cross(sides[..., 0], sides[..., 1])
    np.testing.assert_allclose((area * m.T).sum(-1), 4, atol=1e-12)


def test_coordinates_move_as_their_vector_does():
    moved = RNG.normal(size=(2, 40))
    _, velocity = jax.jvp(lambda w: onto_sphere(w, CENTRES), (W,), (moved,))
    np.testing.assert_allclose(chart_velocity(W, velocity, CENTRES), moved, atol=1e-12)
