// A stream as it comes over the wire, and the order that its events have to have.
import assert from 'node:assert/strict';

// The data of each event of a POST, the closing "[DONE]" too.
export async function rawEvents(url, body) {
  const response = await fetch(url, {
    method: 'POST', headers: {'content-type': 'application/json'}, body: JSON.stringify(body),
  });
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type'), /^text\/event-stream/);
  const text = await response.text();
  assert.ok(text.endsWith('\n\n'));
  return text.slice(0, -2).split('\n\n').map((event) => {
    assert.match(event, /^data: [^\n]*$/);
    return event.slice('data: '.length);
  });
}

// Role first; content; one event that ends each choice, with nothing after it; and, if the usage was asked for,
// `usage: null` until a last event with the usage and no choice.
export function assertChatOrder(chunks, {n = 1, usage = false} = {}) {
  assert.equal(new Set(chunks.map((chunk) => chunk.id)).size, 1);
  const events = usage ? chunks.slice(0, -1) : chunks;
  if (usage) {
    assert.deepEqual(chunks.at(-1).choices, []);
    assert.ok(chunks.at(-1).usage.total_tokens > 0);
    assert.ok(events.every((chunk) => chunk.usage === null), 'usage is null until the last event');
  } else {
    assert.ok(events.every((chunk) => !('usage' in chunk)), 'no usage unless asked for');
  }
  assert.ok(events.every((chunk) => chunk.choices.length === 1));
  for (let index = 0; index < n; ++index) {
    const own = events.map((chunk) => chunk.choices[0]).filter((choice) => choice.index === index);
    assert.equal(own[0].delta.role, 'assistant');
    assert.ok(own.slice(1).every((choice) => choice.delta.role === undefined), 'the role comes once');
    assert.ok(own.slice(0, -1).every((choice) => choice.finish_reason === null));
    assert.ok(['stop', 'length'].includes(own.at(-1).finish_reason));
    assert.ok(!own.at(-1).delta.content, 'the ending carries no text');
  }
}

export const textOf = (chunks, index = 0) =>
  chunks.flatMap((chunk) => chunk.choices).filter((choice) => choice.index === index)
    .map((choice) => choice.delta.content ?? '').join('');

// Waits until no request runs or waits and no block of the cache belongs to one.
export async function assertFreed(url) {
  const names = ['vllm:num_requests_running', 'vllm:num_requests_waiting'];
  for (let tries = 0; tries < 500; ++tries) {
    const lines = (await (await fetch(url + '/metrics')).text()).split('\n');
    const busy = names.some((name) => lines.some((line) => line.startsWith(name + '{') && !/ 0(\.0)?$/.test(line)));
    if (!busy) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail('still running after 10 s');
}
