// A headless Chromium with one page, driven over its DevTools protocol: Node has all that it takes.
import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';

export const isThere = spawnSync('chromium', ['--version']).status === 0;

async function devtoolsUrl(child) {
  for await (const line of readline.createInterface({input: child.stderr})) {
    const url = line.match(/DevTools listening on (ws:\S+)/)?.[1];
    if (url) return url;
  }
  throw new Error('chromium ended before it listened');
}

// What a test does with a page: `run` evaluates an expression in it, `until` waits until one is true (the page is looked
// at whenever it changes), and gives its value.
export async function openPage(url) {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'atelier-browser-'));
  const child = spawn('chromium', [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--remote-debugging-port=0',
    '--user-data-dir=' + profile, 'about:blank'], {stdio: ['ignore', 'ignore', 'pipe']});
  const socket = new WebSocket(await devtoolsUrl(child));
  child.stderr.resume();
  await once(socket, 'open');

  const waiting = new Map();
  const loaded = Promise.withResolvers();
  let last = 0;
  socket.addEventListener('message', ({data}) => {
    const message = JSON.parse(data);
    if (message.method === 'Page.loadEventFired') loaded.resolve();
    const {resolve, reject} = waiting.get(message.id) ?? {};
    waiting.delete(message.id);
    message.error ? reject?.(new Error(message.error.message)) : resolve?.(message.result);
  });
  const call = (method, params = {}, sessionId = undefined) => {
    const {promise, resolve, reject} = Promise.withResolvers();
    waiting.set(++last, {resolve, reject});
    socket.send(JSON.stringify({id: last, method, params, sessionId}));
    return promise;
  };

  const {targetId} = await call('Target.createTarget', {url: 'about:blank'});
  const {sessionId} = await call('Target.attachToTarget', {targetId, flatten: true});
  await call('Page.enable', {}, sessionId);
  await call('Page.navigate', {url}, sessionId);
  await loaded.promise;
  const run = async (expression) => {
    const answer = await call('Runtime.evaluate', {expression, awaitPromise: true, returnByValue: true}, sessionId);
    if (answer.exceptionDetails) throw new Error(answer.exceptionDetails.exception?.description ?? answer.exceptionDetails.text);
    return answer.result.value;
  };
  const until = (expression) => run(`new Promise((resolve, reject) => {
    const look = () => { const value = (() => (${expression}))(); if (value) { observer.disconnect(); resolve(value); } };
    const observer = new MutationObserver(look);
    observer.observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
    setTimeout(() => reject(new Error('it did not come: ' + ${JSON.stringify(expression)} + '\\n' + document.body?.innerText)), 60000);
    look();
  })`);
  return {
    run, until,
    async close() {
      const ended = once(child, 'exit');
      call('Browser.close').catch(() => {});
      await ended;
      fs.rmSync(profile, {recursive: true, force: true, maxRetries: 5});
    },
  };
}
