"""The same training against `xaynet agent`, which does the rounds: numpy, and HTTP from Python's own library.

    xaynet agent --url http://127.0.0.1:8081 --state agent-state
    python3 agent_client.py agent-state 1 8    # share 1 of 8
"""
import io
import json
import os
import sys
import urllib.error
import urllib.request

import numpy as np

import train

STATE, SHARE, SHARES = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def ask(method, path, body=None, content_type="application/octet-stream"):
    """The body of the answer; empty when there is nothing (204)."""
    address = open(os.path.join(STATE, "address")).read().strip()
    token = open(os.path.join(STATE, "token")).read().strip()
    headers = {"authorization": f"Bearer {token}", "content-type": content_type}
    request = urllib.request.Request(address + path, data=body, headers=headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as response:
        return response.read()


images, labels = train.share(SHARE, SHARES)
while True:
    answer = ask("GET", "/task?wait=30")
    if not answer:
        continue
    task = json.loads(answer)
    model = ask("GET", "/model?format=npy") if task["global"] else b""
    start = np.load(io.BytesIO(model)) if model else np.zeros(task["length"], dtype=np.float32)
    trained = io.BytesIO()
    np.save(trained, train.learn(start, images, labels))
    try:
        ask("PUT", f"{task['model']}?scalar={len(labels)}/{train.TRAINING_ROWS}", trained.getvalue(), "application/x-npy")
        print(f"round {task['round'][:8]}: trained", flush=True)
    except urllib.error.HTTPError as error:  # 409: the round ended meanwhile; the next one is another chance
        print(f"round {task['round'][:8]}: {json.loads(error.read())['detail']}", flush=True)
