// The official JavaScript client against the real server: files and uploads.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';

import OpenAI, {toFile} from 'openai';

import {startServer} from './serving.js';

let server, client;
before(async () => {
  server = await startServer();
  client = new OpenAI({baseURL: server.url + '/v1', apiKey: 'unused', maxRetries: 0});
});
after(() => server.stop());

test('a file is kept, listed, read and removed', async () => {
  const file = await toFile(Buffer.from('one\ntwo\n'), 'a b.txt');
  const made = await client.files.create({file, purpose: 'user_data'});
  assert.equal(made.bytes, 8);
  assert.equal(made.filename, 'a b.txt');
  assert.deepEqual(await client.files.retrieve(made.id), made);
  assert.equal(await (await client.files.content(made.id)).text(), 'one\ntwo\n');
  const ids = [];
  for await (const file of client.files.list({purpose: 'user_data'})) ids.push(file.id);
  assert.ok(ids.includes(made.id));
  assert.equal((await client.files.delete(made.id)).deleted, true);
  await assert.rejects(client.files.retrieve(made.id), OpenAI.NotFoundError);
});

test('an upload in parts becomes a file', async () => {
  const upload = await client.uploads.create(
    {bytes: 6, filename: 'n.txt', mime_type: 'text/plain', purpose: 'assistants'});
  const first = await client.uploads.parts.create(upload.id, {data: await toFile(Buffer.from('one'), 'p')});
  const second = await client.uploads.parts.create(upload.id, {data: await toFile(Buffer.from('two'), 'p')});
  const done = await client.uploads.complete(upload.id, {part_ids: [first.id, second.id]});
  assert.equal(done.status, 'completed');
  assert.equal(await (await client.files.content(done.file.id)).text(), 'onetwo');
});
