import importlib.util
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
spec = importlib.util.spec_from_file_location("mnist_page", DOCS / "mnist.py")
mnist = importlib.util.module_from_spec(spec)
spec.loader.exec_module(mnist)


def test_the_page_of_mnist_is_the_one_that_the_results_give():
    assert mnist.PAGE.read_text() == mnist.page(), "run python docs/mnist.py"
