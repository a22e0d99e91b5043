// Starts `atelier serve` on a free port for one test file and stops it again. It has a data folder of its own, which
// sees the user's models but writes nothing beside them.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';

export const CHAT = 'smollm2-135m-instruct';
export const EMBED = 'all-minilm-l6-v2';
const root = path.resolve(import.meta.dirname, '../../..');

function makeHome() {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'atelier-test-'));
  const users = process.env.ATELIER_HOME ?? path.join(os.homedir(), '.atelier');
  for (const name of ['models', 'panels']) {
    if (fs.existsSync(path.join(users, name))) fs.symlinkSync(path.join(users, name), path.join(home, name));
  }
  return home;
}

// Arguments of `serve`; before them, as an object, what atelier.yaml is to say.
export async function startServer(...args) {
  const {config} = typeof args[0] === 'object' ? args.shift() : {};
  const binary = process.env.ATELIER_BIN ?? path.join(root, 'build/release/atelier');
  const home = makeHome();
  const before = [];
  if (config) {
    before.push('--config', path.join(home, 'atelier.yaml'));
    fs.writeFileSync(before[1], JSON.stringify(config));
  }
  const child = spawn(binary, [...before, 'serve', '--port', '0', '--threads', '1', ...args], {  // one: a busy machine stalls gangs
    stdio: ['ignore', 'pipe', 'pipe'], env: {...process.env, ATELIER_HOME: home}});
  let errors = '';
  child.stderr.on('data', (data) => { errors += data; });
  for await (const line of readline.createInterface({input: child.stdout})) {
    const url = line.match(/https?:\/\/[\w.[\]:]+/)?.[0];
    if (!url) continue;
    child.stdout.resume();
    return {
      url,
      async stop() {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        const [code] = await ended;
        fs.rmSync(home, {recursive: true, force: true});
        if (code !== 0) throw new Error(`serve ended with ${code}: ${errors}`);
      },
    };
  }
  throw new Error(`serve did not start: ${errors}`);
}
