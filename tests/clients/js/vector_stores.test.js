// Vector stores and file search through the official npm client, against the real server with the real models.
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

const file = (name, text) => toFile(Buffer.from(text), name);
const poll = {pollIntervalMs: 20};
const TOWER = 'The old tower of Weil is 42 metres high.';
const BRIDGE = 'The bridge over the Rhine was opened in 2007.';

// OpenAI's own say null where the type has nothing.
function without(nulls, name, value) {
  check(name, Object.fromEntries(Object.entries(value).filter(([key, one]) => one !== null || !nulls.includes(key))));
  return value;
}

test('a store is filled, searched by filter, and emptied', async () => {
  const store = check('VectorStore', await client.vectorStores.create({name: 'places', metadata: {who: 'me'}}));
  const tower = await client.vectorStores.files.uploadAndPoll(store.id, await file('tower.txt', TOWER), poll);
  assert.equal(without([], 'VectorStoreFile', tower).status, 'completed');
  const bridge = await client.files.create({file: await file('bridge.txt', BRIDGE), purpose: 'assistants'});
  await client.vectorStores.files.createAndPoll(store.id, {file_id: bridge.id, attributes: {year: 2007}}, poll);
  const page = await client.vectorStores.search(store.id, {query: 'How tall is the tower?', max_num_results: 1});
  assert.equal(check('VectorStoreSearchResponse', page.data[0]).file_id, tower.id);
  assert.ok(page.data[0].content[0].text.includes('42 metres'));
  const filters = {type: 'gt', key: 'year', value: 2000};
  const filtered = await client.vectorStores.search(store.id, {query: 'tower', filters});
  assert.deepEqual(filtered.data.map((hit) => hit.filename), ['bridge.txt']);
  const listed = [];
  for await (const one of client.vectorStores.files.list(store.id, {order: 'asc', limit: 1})) listed.push(one.id);
  assert.deepEqual(listed, [tower.id, bridge.id]);
  const content = await client.vectorStores.files.content(tower.id, {vector_store_id: store.id});
  assert.equal(check('FileContentResponse', content.data[0]).text, TOWER);
  const updated = await client.vectorStores.files.update(bridge.id, {vector_store_id: store.id, attributes: {year: 1}});
  assert.deepEqual(updated.attributes, {year: 1});
  check('VectorStoreFileDeleted', await client.vectorStores.files.delete(bridge.id, {vector_store_id: store.id}));
  assert.equal((await client.vectorStores.retrieve(store.id)).file_counts.total, 1);
  check('VectorStoreDeleted', await client.vectorStores.delete(store.id));
  await assert.rejects(client.vectorStores.retrieve(store.id), OpenAI.NotFoundError);
});

test('a batch is uploaded and its files are listed', async () => {
  const store = await client.vectorStores.create({expires_after: {anchor: 'last_active_at', days: 1}});
  assert.equal(check('VectorStore', store).expires_at, store.last_active_at + 86400);
  const files = await Promise.all([file('a.txt', TOWER), file('b.txt', BRIDGE)]);
  const batch = check('VectorStoreFileBatch', await client.vectorStores.fileBatches.uploadAndPoll(store.id, {files}, poll));
  assert.equal(batch.status, 'completed');
  assert.equal(batch.file_counts.completed, 2);
  const listed = [];
  for await (const one of client.vectorStores.fileBatches.listFiles(batch.id, {vector_store_id: store.id})) {
    listed.push(one.status);
  }
  assert.deepEqual(listed, ['completed', 'completed']);
});

test('file search answers with sources, whole and streamed', async () => {
  const store = await client.vectorStores.create({name: 'search'});
  const tower = await client.vectorStores.files.uploadAndPoll(store.id, await file('tower.txt', TOWER), poll);
  const schema = {enum: ['42 metres [1].']};
  const body = {model: CHAT, input: 'How high is the tower?', temperature: 0, max_output_tokens: 40,
    tools: [{type: 'file_search', vector_store_ids: [store.id]}], include: ['file_search_call.results'],
    text: {format: {type: 'json_schema', name: 'x', schema}}};
  const made = check('Response', await client.responses.create(body));
  assert.equal(made.output[0].type, 'file_search_call');
  assert.equal(made.output[0].results[0].file_id, tower.id);
  const [citation] = made.output[1].content[0].annotations;
  assert.deepEqual(citation, {type: 'file_citation', index: '"42 metres '.length, file_id: tower.id, filename: 'tower.txt'});
  const types = [];
  for await (const event of await client.responses.create({...body, stream: true})) {
    const {response, ...rest} = event;
    if (!response) check('ResponseStreamEvent', rest);
    types.push(event.type);
  }
  for (const type of ['response.file_search_call.in_progress', 'response.file_search_call.searching',
    'response.file_search_call.completed', 'response.output_text.annotation.added']) {
    assert.equal(types.filter((one) => one === type).length, 1, type);
  }
});
