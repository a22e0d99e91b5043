// Agents as models with the official npm client; responses and events are checked against the SDK's own types.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import OpenAI from 'openai';
import {startServer} from './serving.js';
import {check} from './types.js';

const guided = {policy: 'guided', tools: ['calculator']};
const config = {
  tools: [{type: 'calculator'}],
  agents: [{name: 'clerk', ...guided}, {name: 'careful', ...guided, needs_approval: ['calculator']}]};
const input = 'What is 17% of 2340?';

let server, client;
before(async () => {
  server = await startServer({config});
  client = new OpenAI({baseURL: server.url + '/v1', apiKey: 'unused', maxRetries: 0});
});
after(() => server.stop());

test('chat, whole and streamed', async () => {
  const messages = [{role: 'user', content: input}];
  const whole = check('ChatCompletion', await client.chat.completions.create({model: 'agent/clerk', messages}));
  assert.match(whole.choices[0].message.content, /397\.8/);
  let text = '';
  for await (const chunk of await client.chat.completions.create({model: 'agent/clerk', messages, stream: true})) {
    text += check('ChatCompletionChunk', chunk).choices[0]?.delta.content ?? '';
  }
  assert.equal(text, whole.choices[0].message.content);
});

test('responses: what tools did are items, and a person approves', async () => {
  const response = check('Response', await client.responses.create({model: 'agent/clerk', input}));
  assert.deepEqual(response.output.map((item) => item.type), ['mcp_call', 'message']);
  let waiting;
  for await (const event of await client.responses.create({model: 'agent/careful', input, stream: true})) {
    check('ResponseStreamEvent', event.response ? {...event, response: {output_text: '', ...event.response}} : event);
    waiting = event.response ?? waiting;
  }
  const [request] = waiting.output;
  assert.equal(request.type, 'mcp_approval_request');
  const answer = {type: 'mcp_approval_response', approval_request_id: request.id, approve: true};
  const approved = check('Response', await client.responses.create(
    {model: 'agent/careful', input: [answer], previous_response_id: waiting.id}));
  assert.deepEqual(approved.output.map((item) => item.type), ['mcp_call', 'message']);
  assert.equal(approved.output[0].approval_request_id, request.id);
  assert.match(approved.output_text, /397\.8/);
});
