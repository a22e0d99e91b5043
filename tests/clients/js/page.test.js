// The page at / in a browser: a chat, and runs of agents that wait for a person, approved, edited, answered and refused.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {isThere, openPage} from './browser.js';
import {startServer} from './serving.js';

const config = {
  tools: [{type: 'calculator'}],
  agents: [{name: 'careful', policy: 'guided', tools: ['calculator'], needs_approval: ['calculator']}],
  workflows: [{name: 'desk', nodes: [{name: 'asked', person: {question: 'May {{ input }} go out?'}}], output: '{{ asked.text }}'}]};
const markup = '<img src=x onerror="document.title = \'steered\'">';
const skip = isThere ? false : 'chromium is not installed';

let server, page;
before(async () => {
  if (skip) return;
  server = await startServer({config});
  page = await openPage(server.url + '/');
});
after(async () => {
  await page?.close();
  await server?.stop();
});

async function post(path, body) {
  const response = await fetch(server.url + path, {
    method: 'POST', headers: {'content-type': 'application/json'}, body: JSON.stringify(body)});
  return response.json();
}

// A run that waits, and its card on the page, which looks for new ones when it is looked at again.
async function waiting(agent, input) {
  const run = await post('/v1/runs', {agent, input});
  assert.equal(run.status, 'waiting', JSON.stringify(run));
  await page.run(`document.dispatchEvent(new Event('visibilitychange'))`);
  const card = `[...document.querySelectorAll('.waiting')].find((one) => one.innerText.includes('${run.id}'))`;
  await page.until(card + ' !== undefined');
  return {run, card};
}

const statusOf = async (run) => (await (await fetch(`${server.url}/v1/runs/${run.id}`)).json());
const said = (card) => page.until(`${card}.classList.contains('over') && ${card}.querySelector('.said').textContent`);

// How long the model would go on is its own affair: a person stops it once something is there.
test('a chat is answered, and stops when a person says so', {skip}, async () => {
  await page.until(`document.querySelector('#model').value`);
  await page.run(`document.querySelector('#text').value = 'Say hello.'; document.querySelector('#form').requestSubmit()`);
  await page.until(`/[a-z]/i.test(document.querySelector('.turn.assistant div')?.textContent)`);
  await page.run(`if (document.querySelector('#send').textContent === 'Stop') document.querySelector('#form').requestSubmit()`);
  await page.until(`document.querySelector('#send').textContent === 'Send'`);
  assert.match(await page.run(`document.querySelector('.turn.assistant div').textContent`), /[a-z]/i);
});

test('nothing waits: the page says nothing of it', {skip}, async () => {
  assert.equal(await page.run(`getComputedStyle(document.querySelector('#waiting')).display`), 'none');
});

test('a call is approved', {skip}, async () => {
  const {run, card} = await waiting('careful', 'What is 17% of 2340?');
  assert.ok((await page.run(`${card}.innerText`)).includes('task: What is 17% of 2340?'));
  assert.deepEqual(JSON.parse(await page.run(`${card}.querySelector('textarea').value`)), {expression: '17% of 2340'});
  await page.run(`${card}.querySelector('.yes').click()`);
  assert.match(await said(card), /^completed: .*397\.8/);
  assert.equal((await statusOf(run)).status, 'completed');
});

test('a call is approved with other arguments', {skip}, async () => {
  const {run, card} = await waiting('careful', 'What is 17% of 2340?');
  const change = (text) => page.run(`{ const field = ${card}.querySelector('textarea'); field.value = ${JSON.stringify(text)};
    field.dispatchEvent(new Event('input')); ${card}.querySelector('.yes').textContent }`);
  assert.equal(await change('{"expression": '), 'Approve as edited');
  await page.run(`${card}.querySelector('.yes').click()`);
  await page.until(`${card}.querySelector('.said.error')?.textContent.includes('no JSON')`);
  assert.equal((await statusOf(run)).status, 'waiting');
  await change('{"expresion": "1 + 1"}');
  await page.run(`${card}.querySelector('.yes').click()`);
  await page.until(`${card}.querySelector('.said.error')?.textContent.includes('want a member')`);
  assert.equal((await statusOf(run)).status, 'waiting', 'it may be said again');
  await change('{"expression": "9007199254740993 + 0"}');
  await page.run(`${card}.querySelector('.yes').click()`);
  assert.match(await said(card), /^completed: .*9007199254740993/);
});

test('a call is refused, with a reason', {skip}, async () => {
  const {run, card} = await waiting('careful', 'What is 17% of 2340?');
  await page.run(`${card}.querySelector('input').value = 'not today'; ${card}.querySelector('.no').click()`);
  await said(card);
  const steps = await (await fetch(`${server.url}/v1/runs/${run.id}/steps`)).json();
  const person = steps.data.find((step) => step.kind === 'person');
  assert.deepEqual(person.result, {decision: 'reject', reason: 'not today'});
});

test('a question is answered, and its markup is text', {skip}, async () => {
  const {card} = await waiting('desk', markup);
  assert.ok((await page.run(`${card}.innerText`)).includes(`May ${markup} go out?`));
  assert.equal(await page.run(`document.querySelectorAll('#waiting img').length`), 0);
  await page.run(`${card}.querySelector('textarea').value = 'Yes, gladly.'; ${card}.querySelector('.yes').click()`);
  assert.equal(await said(card), 'completed: Yes, gladly.');
  assert.equal(await page.run('document.title'), 'Atelier');
});

test('what was answered elsewhere goes', {skip}, async () => {
  const {run, card} = await waiting('desk', 'a letter');
  await post(`/v1/runs/${run.id}/answer`, {decision: 'reject'});
  await page.run(`document.dispatchEvent(new Event('visibilitychange'))`);
  await page.until(`${card} === undefined`);
});
