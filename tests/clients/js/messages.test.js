// Anthropic's npm client against the real server with the real model.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import {CHAT, startServer} from './serving.js';
import {check} from './types.js';

let server, client;
before(async () => {
  server = await startServer('--api-key', 'sk-test');
  client = new Anthropic({baseURL: server.url, apiKey: 'sk-test', maxRetries: 0});
});
after(() => server.stop());

const messages = [{role: 'user', content: 'What is the weather in Paris?'}];
const tool = {name: 'get_weather', description: 'Get the weather of a city.', input_schema: {
  type: 'object', properties: {city: {type: 'string', maxLength: 20}}, required: ['city'],
  additionalProperties: false}};
const tool_choice = {type: 'tool', name: 'get_weather'};

test('a stream adds up to the whole, by the SDK\'s own types', async () => {
  const request = {model: CHAT, max_tokens: 16, messages, top_k: 1};
  const whole = check('Message', await client.messages.create(request));
  const stream = client.messages.stream(request);
  let text = '';
  stream.on('text', (news) => { text += news; });
  for await (const event of stream) check('RawMessageStreamEvent', event);
  const final = await stream.finalMessage();
  assert.equal(text, whole.content[0].text);
  assert.equal(final.content[0].text, text);
  assert.equal(final.stop_reason, 'max_tokens');
  assert.equal(final.usage.output_tokens, 16);
});

test('a tool is used, whole and streamed', async () => {
  const request = {model: CHAT, max_tokens: 100, messages, tools: [tool], tool_choice, top_k: 1};
  const whole = check('Message', await client.messages.create(request));
  const final = await client.messages.stream(request).finalMessage();
  assert.equal(whole.stop_reason, 'tool_use');
  assert.equal(typeof whole.content[0].input.city, 'string');
  assert.deepEqual(final.content[0].input, whole.content[0].input);
});

test('a wrong key and a wrong model', async () => {
  const stranger = new Anthropic({baseURL: server.url, apiKey: 'sk-other', maxRetries: 0});
  await assert.rejects(stranger.messages.create({model: CHAT, max_tokens: 2, messages}), Anthropic.AuthenticationError);
  await assert.rejects(client.messages.create({model: 'none', max_tokens: 2, messages}), (error) =>
    error instanceof Anthropic.NotFoundError && error.error.error.type === 'not_found_error');
});
