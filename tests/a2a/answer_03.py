"""PyPI a2a-sdk 0.3 as a server: an agent that says what it was told, over one transport.   answer_03.py JSONRPC|HTTP+JSON

Told "slowly" it waits for a POST to /go."""

import asyncio
import socket
import sys

import uvicorn
from a2a.server.agent_execution import AgentExecutor
from a2a.server.apps import A2ARESTFastAPIApplication, A2AStarletteApplication
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import AgentCapabilities, AgentCard, AgentSkill, Part, TaskState, TextPart
from a2a.utils import new_task
from starlette.responses import Response

GO = asyncio.Event()


class Echo(AgentExecutor):
    async def execute(self, context, event_queue):
        task = context.current_task or new_task(context.message)
        if not context.current_task:
            await event_queue.enqueue_event(task)
        updater = TaskUpdater(event_queue, task.id, task.context_id)
        text = context.get_user_input()
        if text == "ask back":
            asked = updater.new_agent_message([Part(root=TextPart(text="Which one?"))])
            return await updater.update_status(TaskState.input_required, asked, final=True)
        await updater.start_work(updater.new_agent_message([Part(root=TextPart(text="Thinking."))]))
        if text == "slowly":
            await GO.wait()
        await updater.add_artifact([Part(root=TextPart(text="echo: "))], artifact_id="echo")
        await updater.add_artifact([Part(root=TextPart(text=text))], artifact_id="echo", append=True, last_chunk=True)
        await updater.complete()

    async def cancel(self, context, event_queue):
        raise NotImplementedError


async def go(_request):
    GO.set()
    return Response()


def main(transport):
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    card = AgentCard(name="echo", description="Says what it was told.", version="1", url=url + "/",
                     preferred_transport=transport, capabilities=AgentCapabilities(streaming=True),
                     default_input_modes=["text/plain"], default_output_modes=["text/plain"],
                     skills=[AgentSkill(id="echo", name="echo", description="echoes", tags=["echo"])])
    handler = DefaultRequestHandler(agent_executor=Echo(), task_store=InMemoryTaskStore())
    kind = A2AStarletteApplication if transport == "JSONRPC" else A2ARESTFastAPIApplication
    app = kind(agent_card=card, http_handler=handler).build()
    app.add_route("/go", go, methods=["POST"])
    print(url, flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])


main(*sys.argv[1:])
