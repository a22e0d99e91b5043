// Functions and responses with the official npm client and Vercel's `ai`; responses and events are checked against the
// SDK's own types.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {createOpenAICompatible} from '@ai-sdk/openai-compatible';
import {generateText, jsonSchema, streamText, tool} from 'ai';
import OpenAI from 'openai';
import {CHAT, startServer} from './serving.js';
import {check} from './types.js';

let server, client, provider;
before(async () => {
  server = await startServer();
  client = new OpenAI({baseURL: server.url + '/v1', apiKey: 'unused', maxRetries: 0});
  provider = createOpenAICompatible({name: 'atelier', baseURL: server.url + '/v1'});
});
after(() => server.stop());

// The SDK's type has output_text, which the SDK itself adds, and only to whole responses.
function checkEvent(event) {
  const whole = event.response ? {...event, response: {output_text: '', ...event.response}} : event;
  return check('ResponseStreamEvent', whole);
}

const parameters = {
  type: 'object', required: ['city'], additionalProperties: false,
  properties: {city: {type: 'string', maxLength: 30}, unit: {type: 'string', enum: ['C', 'F']}}};
const tools = [{type: 'function', function: {name: 'get_weather', description: 'The weather of a city.', parameters}}];
const messages = [{role: 'user', content: 'What is the weather in Paris?'}];
const base = {model: CHAT, messages, tools, tool_choice: 'required', parallel_tool_calls: false, temperature: 0,
  max_completion_tokens: 80};

test('a call is in the SDK\'s type, whole and streamed', async () => {
  const answer = check('ChatCompletion', await client.chat.completions.create(base));
  const [call] = answer.choices[0].message.tool_calls;
  assert.equal(call.function.name, 'get_weather');
  assert.ok('city' in JSON.parse(call.function.arguments));
  const stream = client.chat.completions.stream({...base});
  for await (const chunk of stream) check('ChatCompletionChunk', chunk);
  const final = await stream.finalChatCompletion();
  assert.equal(final.choices[0].finish_reason, 'tool_calls');
  assert.equal(final.choices[0].message.tool_calls[0].function.arguments, call.function.arguments);
});

test('runTools calls the function and gives its answer back', async () => {
  let asked = null;
  const runner = client.chat.completions.runTools({
    model: CHAT, messages, temperature: 0, max_completion_tokens: 60, parallel_tool_calls: false,
    tool_choice: {type: 'function', function: {name: 'get_weather'}},
    tools: [{type: 'function', function: {name: 'get_weather', parameters, parse: JSON.parse,
      function: (given) => { asked = given; return 'Sunny, 21 degrees.'; }}}]});
  await runner.done();
  assert.equal(typeof asked.city, 'string');
});

test('ai: generateText and streamText call tools', async () => {
  let asked = 0;
  const weather = tool({description: 'The weather of a city.', inputSchema: jsonSchema(parameters),
    execute: async ({city}) => { asked += 1; return city + ': sunny'; }});
  const options = {model: provider(CHAT), prompt: messages[0].content, tools: {get_weather: weather}, temperature: 0,
    toolChoice: {type: 'tool', toolName: 'get_weather'}, maxOutputTokens: 120, maxRetries: 0};
  const {toolCalls, toolResults, finishReason} = await generateText(options);
  assert.equal(finishReason, 'tool-calls');
  assert.equal(toolCalls[0].toolName, 'get_weather');
  assert.match(toolResults[0].output, /sunny/);
  const kinds = new Set();
  for await (const part of streamText(options).fullStream) kinds.add(part.type);
  for (const kind of ['tool-input-start', 'tool-input-delta', 'tool-call', 'tool-result']) assert.ok(kinds.has(kind), kind);
  assert.ok(asked >= 2);
});

test('responses: whole, events in the SDK\'s types, going on', async () => {
  const ask = {model: CHAT, input: 'What is the capital of France?', temperature: 0, max_output_tokens: 30};
  const first = check('Response', await client.responses.create(ask));
  assert.match(first.output_text, /Paris/);
  let number = 0, text = '';
  const stream = client.responses.stream(ask);
  for await (const event of stream) {
    checkEvent(event);
    assert.equal(event.sequence_number, number++);
    if (event.type === 'response.output_text.delta') text += event.delta;
  }
  assert.equal(text, first.output_text);
  const second = await client.responses.create({...ask, input: 'Of which country?', previous_response_id: first.id});
  assert.ok(second.usage.input_tokens > first.usage.input_tokens);
  const kept = await client.responses.retrieve(first.id);
  assert.equal(kept.output_text, first.output_text);
});

test('responses: a function is called', async () => {
  const made = await client.responses.create({
    model: CHAT, input: messages[0].content, temperature: 0, max_output_tokens: 80, tool_choice: 'required',
    parallel_tool_calls: false, tools: [{type: 'function', name: 'get_weather', parameters, strict: true}], stream: true});
  const types = new Set();
  let last;
  for await (const event of made) types.add(checkEvent(event).type), last = event;
  assert.ok(types.has('response.function_call_arguments.delta') && types.has('response.function_call_arguments.done'));
  assert.equal(last.response.output[0].type, 'function_call');
});
