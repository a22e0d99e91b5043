// Starts `atelier serve` on a free port for one test file and stops it again.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import path from 'node:path';
import readline from 'node:readline';

export const CHAT = 'smollm2-135m-instruct';
export const EMBED = 'all-minilm-l6-v2';
const root = path.resolve(import.meta.dirname, '../../..');

export async function startServer(...args) {
  const binary = process.env.ATELIER_BIN ?? path.join(root, 'build/release/atelier');
  const child = spawn(binary, ['serve', '--port', '0', ...args], {stdio: ['ignore', 'pipe', 'pipe']});
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
        if (code !== 0) throw new Error(`serve ended with ${code}: ${errors}`);
      },
    };
  }
  throw new Error(`serve did not start: ${errors}`);
}
