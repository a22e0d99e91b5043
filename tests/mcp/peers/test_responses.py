"""The tool `mcp` of /v1/responses: the official openai client, a scripted model, and official MCP servers on this
machine."""

import json
import os
import pathlib
import subprocess
import sys
import unittest

import openai

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
import serving  # noqa: E402
from scripted_upstream import ScriptedUpstream, call, last_content  # noqa: E402

PYTHON = HERE / ".venv-2" / "bin" / "python"


def add_then_tell(body):
    """Calls add once it may, and then says what came of it."""
    if body["messages"][-1]["role"] == "tool" or not body.get("tools"):
        return "It is " + last_content(body)
    return [call("add", {"a": 2, "b": 40})]


class Responses(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.upstream = ScriptedUpstream(add_then_tell)
        cls.addClassCleanup(cls.upstream.stop)
        cls.mcp = subprocess.Popen([PYTHON, "servers/mcp_server.py", "http"], cwd=HERE, stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(cls.mcp.wait)
        cls.addClassCleanup(cls.mcp.terminate)
        cls.addClassCleanup(cls.mcp.stdout.close)
        cls.url = cls.mcp.stdout.readline().strip()
        cls.server = cls.serve({"private": ["127.0.0.1:*"]})

    @classmethod
    def serve(cls, egress):
        far = {"name": "far", "base_url": cls.upstream.base_url, "models": [{"id": "m", "kind": "chat"}]}
        servers = {"calc": {"command": str(PYTHON), "args": [str(HERE / "servers" / "mcp_server.py"), "stdio"],
                            "trusted": True, "connector": True},
                   "own": {"command": "no-such-program"}}
        server = serving.Server(config={"providers": [far], "egress": egress, "mcpServers": servers})
        cls.addClassCleanup(server.stop)
        return server

    def client(self, server=None, strict=True):
        # Strict: a response that does not match the client's own types raises.
        return openai.OpenAI(base_url=(server or self.server).url + "/v1", api_key="unused", max_retries=0,
                             _strict_response_validation=strict)

    def ask(self, server=None, text="2 + 40?", stream=False, more=None, strict=True, **tool):
        given = {"type": "mcp", "server_label": "sums", "server_url": self.url, "require_approval": "never", **tool}
        return self.client(server, strict).responses.create(model="far/m", input=text, tools=[given], stream=stream,
                                                    **(more or {}))

    def test_calls_what_the_model_calls(self):
        response = self.ask(headers={"X-Key": "secret"}, authorization="token")
        self.assertEqual([item.type for item in response.output], ["mcp_list_tools", "mcp_call", "message"])
        listed, called, _ = response.output
        self.assertEqual([tool.name for tool in listed.tools], ["add"])
        self.assertEqual((called.name, called.server_label, called.output, called.error, called.status),
                         ("add", "sums", "42", None, "completed"))
        self.assertEqual(json.loads(called.arguments), {"a": 2, "b": 40})
        self.assertEqual(response.output_text, "It is 42")
        self.assertNotIn("secret", response.model_dump_json())
        self.assertNotIn("token\"", response.model_dump_json())

    def test_streams_its_events(self):
        types, response = [], None
        for event in self.ask(stream=True):
            types.append(event.type)
            response = getattr(event, "response", response)
        at = types.index("response.mcp_list_tools.in_progress")
        self.assertEqual(types[at - 1:at + 11], [
            "response.output_item.added", "response.mcp_list_tools.in_progress", "response.mcp_list_tools.completed",
            "response.output_item.done", "response.output_item.added", "response.mcp_call.in_progress",
            "response.mcp_call_arguments.delta", "response.mcp_call_arguments.done", "response.mcp_call.completed",
            "response.output_item.done", "response.output_item.added", "response.content_part.added"])
        self.assertEqual(response.output[1].output, "42")

    def test_asks_the_user_and_goes_on_when_he_approves(self):
        first = self.ask(require_approval="always")
        self.assertEqual([item.type for item in first.output], ["mcp_list_tools", "mcp_approval_request"])
        request = first.output[1]
        self.assertEqual((request.name, request.server_label), ("add", "sums"))
        answer = {"type": "mcp_approval_response", "approval_request_id": request.id, "approve": True}
        second = self.ask(text=[answer], require_approval="always", more={"previous_response_id": first.id})
        self.assertEqual([item.type for item in second.output], ["mcp_call", "message"])  # not listed again
        self.assertEqual((second.output[0].approval_request_id, second.output[0].output), (request.id, "42"))
        # What was called is not called again.
        third = self.ask(text="And?", require_approval="always", more={"previous_response_id": second.id})
        self.assertEqual([item.type for item in third.output], ["mcp_approval_request"])

    def test_what_is_not_approved_is_not_called(self):
        first = self.ask(require_approval={"always": {"tool_names": ["add"]}})
        answer = {"type": "mcp_approval_response", "approval_request_id": first.output[1].id, "approve": False,
                  "reason": "Too dear."}
        second = self.ask(text=[answer], more={"previous_response_id": first.id})
        self.assertEqual([item.type for item in second.output], ["message"])
        self.assertEqual(second.output_text, "It is The user did not approve this call. Too dear.")
        with self.assertRaises(openai.BadRequestError):
            self.ask(text=[{**answer, "approve": True, "approval_request_id": "mcpr_none"}])

    def test_tools_that_are_not_allowed_are_not_there(self):
        response = self.ask(allowed_tools=["subtract"])
        self.assertEqual(response.output[0].tools, [])
        self.assertEqual(response.output[1].type, "message")

    def test_a_choice_of_the_server(self):
        response = self.ask(more={"tool_choice": {"type": "mcp", "server_label": "sums", "name": "add"}})
        self.assertEqual(response.output[1].output, "42")

    def test_calls_are_bounded(self):
        response = self.ask(more={"max_tool_calls": 0})
        self.assertEqual([item.type for item in response.output], ["mcp_list_tools", "message"])

    def test_this_machine_is_out_of_reach_unless_configured(self):
        closed = self.serve({})
        with self.assertRaises(openai.APIStatusError) as refused:
            self.ask(closed)
        self.assertIn("127.0.0.1", str(refused.exception))
        events = [event.type for event in self.ask(closed, stream=True)]
        self.assertIn("response.mcp_list_tools.failed", events)
        self.assertEqual(events[-1], "response.failed")

    def test_a_server_that_is_not_there(self):
        with self.assertRaises(openai.APIStatusError):
            self.ask(server_url="http://127.0.0.1:9/mcp")

    def test_connectors_are_the_applications_own(self):
        # The client's types know the names of OpenAI's own connectors alone.
        response = self.ask(server_url=openai.omit, connector_id="calc", strict=False)
        self.assertEqual(response.output[1].output, "42")
        for other in ("own", "connector_gmail"):
            with self.assertRaises(openai.APIStatusError):
                self.ask(server_url=openai.omit, connector_id=other)

    def test_the_javascript_clients_types(self):
        done = subprocess.run(["node", "responses.mjs", self.server.url + "/v1", self.url], cwd=HERE, text=True,
                              capture_output=True, timeout=300, env=os.environ, check=False)
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        self.assertEqual(done.stdout.strip(), "mcp_list_tools mcp_call message It is 42")


if __name__ == "__main__":
    unittest.main()
