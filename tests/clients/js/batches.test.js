// Batches through the official npm client, against the real server with the real model.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import OpenAI, {toFile} from 'openai';
import {CHAT, startServer} from './serving.js';
import {check} from './types.js';

let server, client;
before(async () => {
  server = await startServer();
  client = new OpenAI({baseURL: `${server.url}/v1`, apiKey: 'unused', maxRetries: 0});
});
after(() => server.stop());

const lineOf = (custom_id, body) => JSON.stringify({custom_id, method: 'POST', url: '/v1/chat/completions', body});
const chat = {model: CHAT, messages: [{role: 'user', content: 'Say hi'}], max_completion_tokens: 3, temperature: 0};
const read = async (id) => (await (await client.files.content(id)).text()).trim().split('\n').map((line) => JSON.parse(line));

// OpenAI's own say null where the type has nothing.
function checkBatch(batch) {
  check('Batch', Object.fromEntries(Object.entries(batch).filter(([, value]) => value !== null)));
  return batch;
}

async function ended(id) {
  for (let deadline = Date.now() + 120_000; ;) {
    const batch = checkBatch(await client.batches.retrieve(id));
    if (!['validating', 'in_progress', 'finalizing', 'cancelling'].includes(batch.status)) return batch;
    assert.ok(Date.now() < deadline, batch.status);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function begin(lines) {
  const file = await client.files.create({file: await toFile(Buffer.from(lines.join('\n')), 'in.jsonl'), purpose: 'batch'});
  return checkBatch(await client.batches.create({
    input_file_id: file.id, endpoint: '/v1/chat/completions', completion_window: '24h', metadata: {team: 'red'}}));
}

test('a batch is answered line by line, and what is wrong with a line stands beside it', async () => {
  const begun = await begin([lineOf('a', chat), lineOf('b', {...chat, temperature: 9}), lineOf('c', chat)]);
  const batch = await ended(begun.id);
  assert.equal(batch.status, 'completed');
  assert.deepEqual(batch.metadata, {team: 'red'});
  assert.deepEqual(batch.request_counts, {total: 3, completed: 2, failed: 1});
  const answers = await read(batch.output_file_id);
  assert.deepEqual(answers.map((line) => line.custom_id), ['a', 'c']);
  for (const line of answers) check('ChatCompletion', line.response.body);
  const direct = await client.chat.completions.create(chat);
  assert.equal(answers[0].response.body.choices[0].message.content, direct.choices[0].message.content);
  const [fault] = await read(batch.error_file_id);
  assert.equal(fault.custom_id, 'b');
  assert.equal(fault.response.status_code, 400);
  const listed = [];
  for await (const each of client.batches.list()) listed.push(checkBatch(each).id);
  assert.deepEqual(listed, [batch.id]);
});

test('a file that is no batch fails by line, and a batch is cancelled', async () => {
  const failed = await ended((await begin([lineOf('a', chat), 'no JSON'])).id);
  assert.equal(failed.status, 'failed');
  assert.equal(failed.errors.data[0].line, 2);
  const long = {...chat, max_completion_tokens: 40, ignore_eos: true};
  const begun = await begin(Array.from({length: 40}, (_, i) => lineOf(`${i}`, long)));
  await client.batches.cancel(begun.id);
  const cancelled = await ended(begun.id);
  assert.equal(cancelled.status, 'cancelled');
  assert.ok(cancelled.request_counts.completed < 40);
  await assert.rejects(client.batches.cancel(begun.id), OpenAI.APIError);
});
