"""OpenWPM's storage controller: a process of its own that gives records to the providers."""

import asyncio
import random
from multiprocessing import get_context

# As Python 3.14 starts processes, OpenWPM's own: nothing is copied from the process that starts one.
_processes = get_context("spawn")


class StorageControllerHandle:
    """The manager's side of the controller. The stand-in's records come over a queue, not a socket."""

    def __init__(self, structured_storage, unstructured_storage):
        self.queue = _processes.Queue()
        arguments = (structured_storage, unstructured_storage, self.queue)
        self.storage_controller = _processes.Process(target=_run, args=arguments, daemon=True)

    def launch(self):
        """Start the process."""
        self.storage_controller.start()

    def get_next_visit_id(self):
        """A new number of a visit."""
        return random.getrandbits(53)


def _run(structured, unstructured, queue):
    asyncio.run(_serve(structured, unstructured, queue))


async def _serve(structured, unstructured, queue):
    await structured.init()
    await unstructured.init()
    tasks = {}
    while True:
        kind, visit_id, value = await asyncio.to_thread(queue.get)
        if kind == "content":
            await unstructured.store_blob(filename=visit_id, blob=value)
        elif kind == "finalize":
            for task in tasks.pop(visit_id, []):
                await task
            await structured.finalize_visit_id(visit_id, interrupted=not value)
        else:
            storing = structured.store_record(table=kind, visit_id=visit_id, record=value)
            tasks.setdefault(visit_id, []).append(asyncio.create_task(storing))
            await asyncio.sleep(0)
