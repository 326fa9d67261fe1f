import equinox as eqx
import numpy as np
import pytest

from rfjax import InvalidInput
from rfjax.laws import demagnetisation, llgs
from rfjax.macrospin import FreeLayer, Microwave, SpinTorque

SIZES = 8e5, 2e-9, 100e-9


def test_fields_broadcast_with_vectors_on_the_last_axis():
    assert FreeLayer(*SIZES).shape == ()
    layer = FreeLayer(
        np.full((4, 1), 8e5), 2e-9, 1e-7, easy_axis=np.ones((3, 3)), torque=SpinTorque([1.0, 0, 0])
    )
    assert layer.shape == (4, 3)
    with pytest.raises(InvalidInput, match=r"do not broadcast: thickness \(2,\), torque \(3,\)"):
        FreeLayer(8e5, np.full(2, 2e-9), 1e-7, torque=SpinTorque(np.ones((3, 3))))


def test_the_factors_are_those_of_the_shape_unless_they_are_given():
    layer = FreeLayer(*SIZES, 60e-9)
    expected = demagnetisation.elliptic_cylinder(100e-9, 60e-9, 2e-9)
    np.testing.assert_allclose(layer.factors, expected)
    assert float(layer.volume) == pytest.approx(np.pi / 4 * 100e-9 * 60e-9 * 2e-9)
    given = FreeLayer(*SIZES, demagnetising=[0.1, 0.2, 0.7])
    np.testing.assert_allclose(given.factors, [0.1, 0.2, 0.7])


def test_torques_follow_the_current_density_and_the_angle():
    torque = SpinTorque([0, 0, 3.0], 0.4, asymmetry=0.5, field_like=-0.3)
    layer = FreeLayer(*SIZES, torque=torque)
    np.testing.assert_allclose(layer.torque.polariser, [0, 0, 1])
    density = 1e-3 / (np.pi / 4 * 100e-9**2)
    whole = llgs.damping_like_field(density, 8e5, 2e-9)
    damping_like, field_like = layer.torque_fields(1e-3, np.array([0.0, 1.0]))
    np.testing.assert_allclose(damping_like, 0.4 * whole / np.array([1.0, 1.5]))
    np.testing.assert_allclose(field_like, -0.3 * damping_like)
    assert not np.any(FreeLayer(*SIZES).torque_fields(1e-3))


def test_an_energy_is_that_of_its_parts():
    layer = FreeLayer(
        *SIZES, demagnetising=[0.1, 0.2, 0.7], uniaxial_anisotropy=2e4, interface_anisotropy=3e-4
    )
    m, field = np.array([0.0, 0.6, 0.8]), np.array([1e4, 2e4, 3e4])
    mu, volume = llgs.VACUUM_PERMEABILITY, float(layer.volume)
    shape = mu * 8e5**2 / 2 * (0.2 * 0.36 + 0.7 * 0.64) - 3e-4 / 2e-9 * 0.64
    assert float(layer.energy(m, field)) == pytest.approx(
        volume * (shape - mu * 8e5 * (field @ m)), rel=1e-12
    )


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"damping": 0.0}, "^damping is 0.0; it must be finite and above zero"),
        ({"thickness": -1e-9}, "^thickness is -1e-09"),
        ({"easy_axis": [0, 0, 0]}, "^easy_axis has no direction"),
        ({"magnetisation": 1.25}, "^magnetisation is 1.25, which no layer has in A/m"),
        ({"thickness": 1.5}, "^thickness is 1.5, which no layer has in m"),
        ({"width": 80.0}, "^width is 80, which no layer has in m"),
        ({"demagnetising": [1.0, 2.0]}, r"^demagnetising has shape \(2,\)"),
    ],
)
def test_what_no_layer_has_is_refused(fields, message):
    with pytest.raises(InvalidInput, match=message):
        FreeLayer(**{"magnetisation": 8e5, "thickness": 2e-9, "diameter": 1e-7} | fields)


def test_what_no_torque_and_no_current_has_is_refused():
    with pytest.raises(InvalidInput, match="^asymmetry has a value outside"):
        SpinTorque([1.0, 0, 0], asymmetry=1.0)
    with pytest.raises(InvalidInput, match="^polarisation is -0.5"):
        SpinTorque([1.0, 0, 0], -0.5)
    with pytest.raises(InvalidInput, match="^frequency is 0.0"):
        Microwave(1e-3, 0.0)


def test_inside_of_a_program_what_is_not_allowed_is_nan():
    @eqx.filter_jit
    def built(axis):
        return SpinTorque(axis).polariser

    np.testing.assert_allclose(built(np.array([0, 3.0, 4.0])), [0, 0.6, 0.8])
    assert np.isnan(built(np.zeros(3))).all()
