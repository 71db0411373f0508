"""Starts the runtime client as AWS's base does: the task's folder first, then layers, then what the base brings."""

import os
import sys

sys.path.insert(0, "/var/runtime")
sys.path.insert(0, f"/opt/python/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages")
sys.path.insert(0, "/opt/python")
sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])

from awslambdaric.__main__ import main

main([__file__, os.environ["_HANDLER"]])
