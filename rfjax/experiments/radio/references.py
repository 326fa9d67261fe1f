"""What networks on radio signals are held against: logistic regression, and what a run takes."""

import resource
import sys

import numpy as np
from jaxtyping import ArrayLike, Float, Int

from rfjax.checks import InvalidInput

STRENGTHS = (0.1, 1.0, 10.0, 100.0)  # inverse of the penalty of weights
FOLDS = 10


def logistic_regression(
    train: tuple[Float[ArrayLike, "train features"], Int[ArrayLike, " train"]],
    test: Float[ArrayLike, "test features"],
) -> tuple[Int[np.ndarray, " test"], float]:
    """The classes that logistic regression of scikit-learn finds, on features of unit variance.

    How strongly weights are penalised is chosen by cross-validation on the training rows.

    **Arguments:** `train`: features and classes; `test`: features of other rows.

    **Returns:** (their classes, accuracy in cross-validation from 0 to 1).

    **Raises:** `InvalidInput` if scikit-learn is not installed.
    """
    try:
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import GridSearchCV
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ImportError:
        raise InvalidInput(
            "logistic regression comes with scikit-learn, which is not installed; "
            'run: pip install "rfjax[data]"'
        ) from None
    classes = np.asarray(train[1])
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    folds = int(min(FOLDS, np.bincount(classes).min()))
    search = GridSearchCV(model, {"logisticregression__C": STRENGTHS}, cv=max(folds, 2))
    search.fit(np.asarray(train[0], np.float64), classes)
    return search.predict(np.asarray(test, np.float64)), float(search.best_score_)


def peak_memory() -> float:
    """The most memory that this process has had, bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return float(unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
