"""PyPI a2a-sdk 0.3 as a server: an agent that says what it was told, over JSON-RPC.   answer_03.py"""

import socket

import uvicorn
from a2a.server.agent_execution import AgentExecutor
from a2a.server.apps import A2AStarletteApplication
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import AgentCapabilities, AgentCard, AgentSkill, Part, TaskState, TextPart
from a2a.utils import new_task


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
        await updater.add_artifact([Part(root=TextPart(text=f"echo: {text}"))])
        await updater.complete()

    async def cancel(self, context, event_queue):
        raise NotImplementedError


listener = socket.create_server(("127.0.0.1", 0))
url = f"http://127.0.0.1:{listener.getsockname()[1]}"
card = AgentCard(name="echo", description="Says what it was told.", version="1", url=url + "/",
                 capabilities=AgentCapabilities(streaming=True), default_input_modes=["text/plain"],
                 default_output_modes=["text/plain"],
                 skills=[AgentSkill(id="echo", name="echo", description="echoes", tags=["echo"])])
handler = DefaultRequestHandler(agent_executor=Echo(), task_store=InMemoryTaskStore())
print(url, flush=True)
uvicorn.Server(uvicorn.Config(A2AStarletteApplication(agent_card=card, http_handler=handler).build(),
                              log_level="error")).run(sockets=[listener])
