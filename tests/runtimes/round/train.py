# The model of participant number i: a one at weight i and zeros elsewhere. Python with numpy, and nothing of this project: the command
# `xaynet participant --train` says in environment variables how many weights there are and where they go. Argument: the number.
import os
import sys

import numpy as np

length = int(os.environ["XAYNET_LENGTH"])
if os.environ["XAYNET_GLOBAL"]:
    last = np.load(os.environ["XAYNET_GLOBAL"])
    assert last.shape == (length,) and abs(last.sum() - 1) < 1e-3, last
weights = np.zeros(length, dtype="<f4")
weights[int(sys.argv[1])] = 1
with open(os.environ["XAYNET_MODEL"], "wb") as file:
    np.save(file, weights)
