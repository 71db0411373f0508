/** A command of a user who sits in front of a terminal. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { python, root, type Sandbox } from './nimbus.ts';

/** Runs a command in a terminal of its own and presses the keys for each question in turn, once it is asked. */
export async function inTerminal(
  sandbox: Sandbox,
  argv: string[],
  answers: (readonly [question: string, keys: string])[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number | null; said: string }> {
  const node = process.env['NIMBUS_USER_NODE'] ?? process.execPath;
  const child = spawn(python, ['-c', TYPIST, JSON.stringify(answers), node, path.join(root, 'dist/cli.js'), ...argv], {
    cwd: sandbox.folder,
    env: { ...process.env, ...env, NIMBUS_HOME: sandbox.home, TERM: 'xterm' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said };
}

/** A question that never comes ends the command, so that the test says so. */
const TYPIST = `
import json, os, pty, select, signal, sys
answers, *argv = sys.argv[1:]
answers = json.loads(answers)
pid, terminal = pty.fork()
if pid == 0:
    os.execv(argv[0], argv)
said, seen = b"", 0
while True:
    if not select.select([terminal], [], [], 30)[0]:
        os.kill(pid, signal.SIGKILL)
        break
    try:
        some = os.read(terminal, 65536)
    except OSError:
        break
    if not some:
        break
    said += some
    if answers and answers[0][0].encode() in said[seen:]:
        seen = len(said)
        os.write(terminal, answers.pop(0)[1].encode())
sys.stdout.buffer.write(said)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;
