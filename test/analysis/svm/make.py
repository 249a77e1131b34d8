"""Writes golden.json: python3 test/analysis/svm/make.py

Made with scikit-learn's SVC, which is libsvm, and its StandardScaler: what a support vector machine with a
polynomial kernel of degree 3 says of made-up features that is judged in given folds, and the equal error rate by
scikit-learn's ROC curve. Versions are recorded in the file.
"""

import json
from pathlib import Path

import numpy as np
import sklearn
from sklearn.metrics import roc_curve
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

rng = np.random.default_rng(5)


def eer(scores, targets):
    false, true, _ = roc_curve(targets, scores, drop_intermediate=False)
    difference = (1 - true) - false
    i = int(np.argmax(difference <= 0))
    part = difference[i - 1] / (difference[i - 1] - difference[i])
    return float(false[i - 1] + part * (false[i] - false[i - 1]))


def case(classes, coef0, cost, separation, rows=60, width=6, folds=4):
    labels = np.arange(rows) % classes
    features = rng.normal(size=(rows, width)) * np.array([1, 10, 0.1, 1, 3, 1]) + separation * labels[:, None]
    features = np.round(features, 6)
    fold = rng.integers(0, folds, rows)
    predicted, accuracies, rates = np.zeros(rows, int), [], []
    for held in range(folds):
        learned, judged = fold != held, fold == held
        scaler = StandardScaler().fit(features[learned])
        svc = SVC(kernel="poly", degree=3, gamma=1 / width, coef0=coef0, C=cost).fit(
            scaler.transform(features[learned]), labels[learned]
        )
        predicted[judged] = svc.predict(scaler.transform(features[judged]))
        accuracies.append(float(np.mean(predicted[judged] == labels[judged])))
        if classes == 2:
            scores = svc.decision_function(scaler.transform(features[judged]))
            rates.append(eer(scores, labels[judged]))
    return {
        "classes": classes,
        "coef0": coef0,
        "cost": cost,
        "features": features.tolist(),
        "labels": labels.tolist(),
        "fold": fold.tolist(),
        "folds": folds,
        "predicted": predicted.tolist(),
        "accuracy": {"mean": float(np.mean(accuracies)), "deviation": float(np.std(accuracies))},
        "eer": {"mean": float(np.mean(rates)), "deviation": float(np.std(rates))} if rates else None,
    }


def rate(count):
    scores = np.round(rng.normal(size=count), 1)
    targets = rng.integers(0, 2, count)
    scores = scores + targets
    return {"scores": scores.tolist(), "targets": targets.tolist(), "eer": eer(scores, targets)}


golden = {
    "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__},
    "cases": [case(2, 0.0, 1.0, 0.5), case(2, 1.0, 10.0, 0.4), case(3, 0.0, 1.0, 0.8)],
    "rates": [rate(count) for count in (10, 31, 200)],
}
Path(__file__).with_name("golden.json").write_text(json.dumps(golden) + "\n")
