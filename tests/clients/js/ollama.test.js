// Ollama's npm client against the real server with the real models.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {Ollama} from 'ollama';
import {CHAT, EMBED, startServer} from './serving.js';
import {check} from './types.js';

let server, client;
before(async () => {
  server = await startServer();
  client = new Ollama({host: server.url});
});
after(() => server.stop());

const messages = [{role: 'user', content: 'Name three fruits.'}];
const options = {temperature: 0, num_predict: 16};

// The client's types say a Date where JSON has a text, and figures in every line where the last alone has them.
function checkLine(name, line) {
  const absent = line.done ? {} : {done_reason: '', total_duration: 0, load_duration: 0, prompt_eval_count: 0,
    prompt_eval_duration: 0, eval_count: 0, eval_duration: 0, context: []};
  assert.ok(!Number.isNaN(Date.parse(line.created_at)));
  check(name, {...absent, ...line});
}

test('a stream adds up to the whole', async () => {
  const whole = await client.chat({model: CHAT, messages, options});
  checkLine('ChatResponse', whole);
  assert.equal(whole.done_reason, 'length');
  let text = '';
  for await (const line of await client.chat({model: CHAT, messages, options, stream: true})) {
    checkLine('ChatResponse', line);
    text += line.message.content;
  }
  assert.equal(text, whole.message.content);
  const request = {model: CHAT, prompt: messages[0].content, options};
  const generated = await client.generate(request);
  checkLine('GenerateResponse', generated);
  let streamed = '';
  for await (const line of await client.generate({...request, stream: true})) {
    checkLine('GenerateResponse', line);
    streamed += line.response;
  }
  assert.equal(streamed, generated.response);
});

test('a tool is called with an object, and a format is kept', async () => {
  const parameters = {type: 'object', properties: {city: {type: 'string', maxLength: 20}}, required: ['city'],
    additionalProperties: false};
  const tools = [{type: 'function', function: {name: 'get_weather', description: 'Get the weather.', parameters}}];
  const called = await client.chat({model: CHAT, messages, tools, tool_choice: 'required', options: {temperature: 0}});
  const [call] = called.message.tool_calls;
  assert.equal(call.function.name, 'get_weather');
  assert.equal(typeof call.function.arguments.city, 'string');
  const calls = [];
  for await (const line of await client.chat({model: CHAT, messages, tools, tool_choice: 'required', stream: true,
    options: {temperature: 0}})) {
    calls.push(...line.message.tool_calls ?? []);
  }
  assert.deepEqual(calls.map((c) => c.function), called.message.tool_calls.map((c) => c.function));
  const kept = await client.chat({model: CHAT, messages, format: parameters, options: {seed: 1, num_predict: 100}});
  assert.deepEqual(Object.keys(JSON.parse(kept.message.content)), ['city']);
});

test('models are listed, shown, loaded and unloaded', async () => {
  const {models} = await client.list();
  for (const model of models) check('ModelDetails', model.details);
  assert.ok(models.some((model) => model.name === CHAT));
  const shown = await client.show({model: CHAT});
  check('ShowResponse', {...shown, model_info: {size: 0}});  // a Map in its types
  assert.ok(shown.capabilities.includes('completion'));
  assert.ok(shown.model_info['llama.context_length'] > 0);
  assert.equal((await client.generate({model: EMBED, prompt: '', keep_alive: '1h'})).done_reason, 'load');
  const running = (await client.ps()).models.find((model) => model.name === EMBED);
  assert.ok(new Date(running.expires_at) > new Date());
  assert.equal((await client.generate({model: EMBED, prompt: '', keep_alive: 0})).done_reason, 'unload');
  assert.match((await client.version()).version, /^\d+\.\d+\.\d+/);
});

test('vectors', async () => {
  const many = check('EmbedResponse', await client.embed({model: EMBED, input: ['a', 'b']}));
  const one = check('EmbeddingsResponse', await client.embeddings({model: EMBED, prompt: 'a'}));
  assert.deepEqual(one.embedding, many.embeddings[0]);
});

test('a stream is aborted, and errors have a message and a status', async () => {
  const stream = await client.chat({model: CHAT, messages, options: {num_predict: 4000}, stream: true});
  await assert.rejects(async () => {
    for await (const line of stream) if (line.message.content) stream.abort();
  }, {name: 'AbortError'});
  await assert.rejects(client.chat({model: 'none', messages}), {name: 'ResponseError', status_code: 404});
  await assert.rejects(client.pull({model: ''}), {name: 'ResponseError', status_code: 400});
  await assert.rejects(client.chat({model: CHAT, messages: [{role: 'user', content: 'x', images: ['AAAA']}]}),
    (error) => error.message.startsWith('messages[0].images'));
});
