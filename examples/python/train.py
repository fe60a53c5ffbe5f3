"""Learns to read digits from one share of the data, with numpy alone; any training script can be shaped like this.

    xaynet participant --url http://127.0.0.1:8081 --train "python3 train.py 0 8"    # share 0 of 8
"""
import os
import sys

import numpy as np

DATA = os.path.join(os.path.dirname(__file__), "../../packages/xaynet/data/digits.csv.gz")
TRAINING_ROWS = 1287  # the others are for testing


def rows(part):
    """Images of 64 grey values, and what they show."""
    data = np.loadtxt(DATA, delimiter=",", dtype=np.float32)[part]
    return data[:, :64] / 16, data[:, 64].astype(int)


def share(number, of):
    """What stays on this machine."""
    return rows(slice(number, TRAINING_ROWS, of))


def accuracy(weights, images, labels):
    """Share of the images that a model reads right."""
    scores = images @ weights[:640].reshape(64, 10) + weights[640:650]
    return (scores.argmax(axis=1) == labels).mean()


def learn(weights, images, labels, steps=60, rate=0.5):
    """Softmax regression by gradient descent; 64 × 10 weights, then 10 biases, as one vector."""
    w, b = weights[:640].reshape(64, 10).copy(), weights[640:650].copy()
    wanted = np.eye(10, dtype=np.float32)[labels]
    for _ in range(steps):
        scores = images @ w + b
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        error = (odds / odds.sum(axis=1, keepdims=True) - wanted) / len(labels)
        w -= rate * images.T @ error
        b -= rate * error.sum(axis=0)
    return np.concatenate([w.ravel(), b])


if __name__ == "__main__":
    images, labels = share(int(sys.argv[1]), int(sys.argv[2]))
    path = os.environ["XAYNET_GLOBAL"]  # empty as long as nobody has learnt anything
    start = np.load(path) if path else np.zeros(int(os.environ["XAYNET_LENGTH"]), dtype=np.float32)
    if path:
        print(f"the global model reads {accuracy(start, *rows(slice(TRAINING_ROWS, None))):.1%} right of what nobody trained on", flush=True)
    np.save(os.environ["XAYNET_MODEL"], learn(start, images, labels))
    with open(os.environ["XAYNET_SCALAR_FILE"], "w") as file:
        file.write(f"{len(labels)}/{TRAINING_ROWS}")  # the weight of this model in the mean
