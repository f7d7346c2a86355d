"""OpenWPM's task manager. A page's URL tells the stand-in's browser how the visit goes.

``…/timeout``, ``…/neterror``, ``…/error``: the command that loads the page ends so. ``…/incomplete``: the
visit is whole, and marked as incomplete. ``…/long``: the visit takes a minute at its first attempt.
``…/404``: the server's status. ``…/large``: a record is too long. ``…/silent``: OpenWPM gives up the visit
without a word. A command of the user's writes to a table of its own.
"""

import json
import os
import subprocess
import threading
import time

from .pages import SCRIPT, SCRIPT_SHA256, rows
from .storage.storage_controller import StorageControllerHandle

_ENDS = {"timeout": "timeout", "neterror": "neterror", "error": "error"}
_LONG_S = 60.0


class BrowserManagerHandle:
    """One browser: here a process that sleeps, with a child in a session of its own, as Xvfb is."""

    def __init__(self, browser_params, browser_id):
        self.browser_params, self.browser_id = browser_params, browser_id
        self.command_thread = None
        self.starts = 0
        self.start()

    def start(self):
        """Start the browser."""
        self.starts += 1
        self.process = subprocess.Popen(["geckodriver", "--browser", str(self.browser_id)])

    def ready(self):
        """Whether it takes a visit."""
        return self.command_thread is None or not self.command_thread.is_alive()


class TaskManager:
    """Runs sequences of commands in browsers."""

    def __init__(
        self,
        manager_params_temp,
        browser_params_temp,
        structured_storage_provider,
        unstructured_storage_provider,
        logger_kwargs={},  # noqa: B006  # as OpenWPM has it
    ):
        self.failure_status = None
        self.closing = False
        self.storage_controller_handle = StorageControllerHandle(
            structured_storage_provider, unstructured_storage_provider
        )
        self.storage_controller_handle.launch()
        self.browsers = [
            BrowserManagerHandle(params, n + 100) for n, params in enumerate(browser_params_temp)
        ]
        if os.environ.get("STAND_IN_FAILS"):
            raise RuntimeError("no display is left")
        queue = self.storage_controller_handle.queue
        queue.put(("task", -1, {"task_id": 1}))  # of no visit

    def execute_command_sequence(self, command_sequence, index=None):
        """Start a sequence in a browser."""
        browser = self.browsers[index]
        assert browser.ready()
        visit_id = self.storage_controller_handle.get_next_visit_id()
        thread = threading.Thread(target=self._visit, args=(browser, command_sequence, visit_id), daemon=True)
        browser.command_thread = thread
        thread.start()

    def close(self, relaxed=True):
        """End all browsers; profiles are archived."""
        for browser in self.browsers:
            browser.process.kill()
            if folder := browser.browser_params.profile_archive_dir:
                with open(os.path.join(folder, "profile.tar.gz"), "wb") as file:
                    file.write(b"profile")

    def _visit(self, browser, sequence, visit_id):
        put = self.storage_controller_handle.queue.put
        way = sequence.url.rsplit("/", 1)[1]
        ids = {"visit_id": visit_id, "browser_id": browser.browser_id}
        put(("site_visits", visit_id, {**ids, "site_url": sequence.url, "site_rank": None}))
        failed = False
        for command, _ in sequence.get_commands_with_timeout():
            name = type(command).__name__
            if name == "GetCommand":
                if way == "long" and sequence.retry_number == 1:
                    with open(os.path.join(os.environ["TMPDIR"], "long"), "w", encoding="utf-8") as file:
                        file.write(str(os.getpid()))
                    time.sleep(_LONG_S)
                if way == "silent":
                    return
                for table, record in rows(
                    sequence.url, visit_id, browser.browser_id, 404 if way == "404" else 200
                ):
                    put((table, visit_id, record))
                if way == "large":
                    put(("javascript", visit_id, {**ids, "arguments": {"0": "x" * (40 * 2**20)}}))
                put(("content", SCRIPT_SHA256, SCRIPT))
                time.sleep(command.sleep)
            elif name == "FinalizeCommand" and not failed:
                put(("finalize", visit_id, way != "incomplete"))
            elif not name.startswith("Initialize"):
                command.execute(None, browser.browser_params, None, None)
                put(("own_table", visit_id, {**ids, **vars(command)}))
            status = _ENDS.get(way, "ok") if name == "GetCommand" else "ok"
            history = {
                **ids,
                "command": name,
                "arguments": json.dumps(vars(command)).encode("utf-8"),
                "retry_number": sequence.retry_number,
                "command_status": status,
                "error": "dnsNotFound" if status == "neterror" else None,
                "traceback": None,
                "duration": 5,
            }
            put(("crawl_history", visit_id, history))
            if status != "ok":
                failed = True
                put(("finalize", visit_id, False))
                break
        if sequence.reset or failed:
            browser.process.kill()
            browser.start()
