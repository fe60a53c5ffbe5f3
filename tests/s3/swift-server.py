"""A whole OpenStack Swift with its S3 API, in one process on loopback, for tests: proxy, account, container and object server,
s3api and tempauth in front. It checks signatures. Objects are in memory, listings in SQLite files in the folder that it is given.

    python3 swift-server.py '{"folder": …, "users": {name: key}, "region": …, "part": bytes, "page": keys,
        "conditional": bool, "ahead": seconds}'

It prints "ready PORT" and, when its input ends, deletes the folder and ends too: nothing is left when whoever started it is gone.
"""
import json
import os
import shutil
import sys
import time

if ahead := json.loads(sys.argv[1])["ahead"]:
    time_of_day = time.time
    time.time = lambda: time_of_day() + ahead

import eventlet  # noqa: E402

eventlet.monkey_patch()

import logging  # noqa: E402
from eventlet import wsgi  # noqa: E402

options = json.loads(sys.argv[1])
folder = options["folder"]
logging.disable(logging.CRITICAL)

from swift.common import utils  # noqa: E402

# What /etc/swift/swift.conf would hold: a salt of the paths in the rings.
utils.HASH_PATH_PREFIX = b"xaynet"
utils.HASH_PATH_SUFFIX = b"test"
utils.validate_hash_conf = lambda: None

from swift.account.server import AccountController  # noqa: E402
from swift.common.middleware import catch_errors, listing_formats, slo, tempauth  # noqa: E402
from swift.common.middleware.s3api import s3api, s3request  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402
from swift.common.wsgi import SwiftHttpProtocol  # noqa: E402
from swift.container.server import ContainerController  # noqa: E402
from swift.obj.mem_server import ObjectController  # noqa: E402
from swift.proxy.server import Application  # noqa: E402

if options["conditional"]:
    # The S3 API of Swift 2.30 refuses "If-None-Match: *" at PUT, which Swift itself knows, S3 since August 2024, and newer servers too.
    refuse = s3request.S3Request._validate_headers

    def let_pass(self):
        condition = self.headers.pop("If-None-Match", None) if self.method == "PUT" else None
        refuse(self)
        if condition is not None:
            self.headers["If-None-Match"] = condition

    s3request.S3Request._validate_headers = let_pass

base = {
    "devices": os.path.join(folder, "devices"),
    "mount_check": "false",
    "swift_dir": folder,
    "disable_fallocate": "true",
    "fallocate_reserve": "0",
    "log_level": "CRITICAL",
    "conn_timeout": "5",
    "node_timeout": "30",
}


class Cache:
    """As much of memcached as tempauth and the proxy ask for."""

    def __init__(self):
        self.values = {}

    def get(self, key, raise_on_error=False):
        return self.values.get(key)

    def set(self, key, value, **_):
        self.values[key] = value

    def delete(self, key, **_):
        self.values.pop(key, None)

    def incr(self, key, delta=1, **_):
        self.values[key] = self.values.get(key, 0) + delta
        return self.values[key]

    def get_multi(self, keys, *_, **__):
        return [self.values.get(key) for key in keys]

    def set_multi(self, values, *_, **__):
        self.values.update(values)


def serve(app):
    """Serves `app` on a free port of loopback, which is returned."""
    socket = eventlet.listen(("127.0.0.1", 0), backlog=256)
    eventlet.spawn(wsgi.server, socket, app, protocol=SwiftHttpProtocol, log_output=False, max_size=256, capitalize_response_headers=False)
    return socket.getsockname()[1]


os.makedirs(os.path.join(base["devices"], "d"))
for name, controller in (("account", AccountController), ("container", ContainerController), ("object", ObjectController)):
    port = serve(controller(dict(base)))
    builder = RingBuilder(1, 1, 1)
    builder.add_dev({"id": 0, "region": 1, "zone": 1, "weight": 1.0, "ip": "127.0.0.1", "port": port, "device": "d"})
    builder.rebalance()
    builder.get_ring().save(os.path.join(folder, f"{name}.ring.gz"))
with open(os.path.join(folder, "swift.conf"), "w") as file:
    file.write("[swift-hash]\nswift_hash_path_prefix = xaynet\nswift_hash_path_suffix = test\n")

proxy = dict(base, account_autocreate="true", allow_account_management="false", max_containers_per_account="0", client_timeout="60")
app = Application(proxy)
app = slo.filter_factory(dict(base, min_segment_size="1", rate_limit_segments_per_sec="0"))(app)
users = {f"user_{name.replace(':', '_')}": f"{key} .admin" for name, key in options["users"].items()}
app = tempauth.filter_factory(base, **users)(app)
app = s3api.filter_factory(
    dict(
        base,
        location=options["region"],
        min_segment_size=str(options["part"]),
        max_bucket_listing=str(options["page"]),
        multi_delete_concurrency="8",
        auth_pipeline_check="false",
    )
)(app)
app = listing_formats.filter_factory(base)(app)
app = catch_errors.filter_factory(base)(app)
cache = Cache()
# S3 decides conditional writes one after another; Swift looks first and writes then, and two at once may both find nothing.
conditional_writes = eventlet.semaphore.Semaphore()


def front(environ, start_response):
    environ["swift.cache"] = cache
    if environ["REQUEST_METHOD"] == "PUT" and "HTTP_IF_NONE_MATCH" in environ:
        with conditional_writes:
            body = app(environ, start_response)
    else:
        body = app(environ, start_response)
    # Errors of the S3 API have a body also for HEAD, which clients take for the beginning of the next answer.
    return [] if environ["REQUEST_METHOD"] == "HEAD" else body


print(f"ready {serve(front)}", flush=True)
os.set_blocking(0, False)  # else the wait for the end of input would keep every server of this process waiting
while os.read(0, 1024):
    pass
shutil.rmtree(folder, ignore_errors=True)
