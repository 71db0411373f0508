/** Models that try to run code that came with them: each attack would leave a mark, in a trusted project too. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { consentFor } from '../../src/core/consent.ts';
import { detect } from '../../src/core/detect/detect.ts';
import type { Consent } from '../../src/core/detect/detection.ts';
import type { Operation } from '../../src/shared/states.ts';
import { FRAMEWORKS_PYTHON, post, SAMPLES, TestProject } from './support.ts';

const OWN = 'sentence_transformers.models.';

describe('a model with code of its own', function () {
  this.timeout(180_000);
  let project: TestProject;
  let server: Server;
  let calls = 0;

  before(async () => {
    server = createServer((socket) => (calls++, socket.destroy())).listen(0, '127.0.0.1');
    project = new TestProject();
    await project.connect();
    mkdirSync(path.join(project.folder, 'models'));
  });
  after(async () => {
    server.close();
    await project.end();
  });

  const at = (...parts: string[]): string => path.join(project.folder, 'models', ...parts);
  const mark = (name: string): string => path.join(project.home, `${name}-ran`);
  const write = (name: string, content: object | string): void => {
    mkdirSync(path.dirname(at(name)), { recursive: true });
    writeFileSync(at(name), typeof content === 'string' ? content : JSON.stringify(content));
  };
  const change = (name: string, fields: object): void =>
    write(name, { ...(JSON.parse(readFileSync(at(name), 'utf8')) as object), ...fields });
  /** Python that leaves the mark. */
  const touching = (name: string): string => `open(${JSON.stringify(mark(name))}, "a").close()\n`;

  /** A pickle that leaves the mark, as joblib or PyTorch reads it. */
  function pickle(name: string, file: string, writer: 'joblib.dump' | 'torch.save'): void {
    const script = `import os, ${writer.split('.')[0]}
class Run:
    def __reduce__(self):
        return os.system, ("touch '${mark(name)}'",)
${writer}(Run(), ${JSON.stringify(at(name, file))})`;
    execFileSync(FRAMEWORKS_PYTHON, ['-c', script]);
  }

  /** A transformer with weights, alone or as the first module of SentenceTransformers. */
  function vectors(name: string, modules?: [kind: string, place: string][]): void {
    cpSync(path.join(SAMPLES, 'hugging-face/vectors'), at(name), { recursive: true });
    if (!modules) return;
    const listed = modules.map(([kind, place], idx) => ({ idx, name: String(idx), path: place, type: kind }));
    write(`${name}/modules.json`, listed);
    for (const [kind, place] of modules) {
      if (kind.endsWith('Pooling'))
        write(`${name}/${place}/config.json`, { word_embedding_dimension: 32, pooling_mode_mean_tokens: true });
      if (kind.endsWith('Dropout')) write(`${name}/${place}/config.json`, { dropout: 0.1 });
    }
  }

  async function deploy(name: string, consent: Consent[] = [], python = FRAMEWORKS_PYTHON): Promise<Operation> {
    const plan = project.plan(name, { path: `models/${name}`, framework: 'transformers' });
    assert.ok(plan.environment.kind === 'use');
    const environment = { ...plan.environment, python };
    return project.execute({ ...plan, environment, consent: [{ kind: 'code' }, ...consent] });
  }

  async function isRefused(name: string, code: string): Promise<void> {
    const { state, error } = await deploy(name);
    assert.equal(existsSync(mark(name)), false, `${name}: it ran without consent`);
    assert.equal(state, 'failed');
    assert.equal(error?.code, code, JSON.stringify(error));
  }

  const own = (name: string): string => `from transformers import BertModel
${touching(name)}
import socket
try:
    socket.create_connection(("127.0.0.1", ${(server.address() as { port: number }).port}), 5).close()
except OSError:
    pass
class Own(BertModel):
    pass
`;
  async function consentTo(name: string): Promise<Consent[]> {
    const detected = await detect(at(name), { python: FRAMEWORKS_PYTHON });
    assert.ok(detected.ok, JSON.stringify(detected));
    const { risk } = detected.value;
    assert.ok(risk.kind === 'code' && risk.hash !== undefined);
    return [consentFor(risk)!];
  }

  const MAP = { auto_map: { AutoModel: 'own.Own' } };

  it('cannot hide it in what a router names', async () => {
    vectors('router', [
      [`${OWN}Transformer`, ''],
      [`${OWN}Pooling`, '1_Pooling'],
      [`${OWN}Router`, '2_Router'],
    ]);
    const routes = {
      types: { 'x.joblib': 'joblib._store_backends.numpy_pickle' },
      structure: { a: ['x.joblib'] },
      parameters: {},
    };
    write('router/2_Router/router_config.json', routes);
    write('router/2_Router/config.json', routes);
    pickle('router', '2_Router/x.joblib', 'joblib.dump');
    await isRefused('router', 'model-not-supported');
  });

  it('cannot hide it in the folder of a module', async () => {
    vectors('inner', [
      [`${OWN}Transformer`, '0_Transformer'],
      [`${OWN}Pooling`, '1_Pooling'],
    ]);
    const files = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors'];
    mkdirSync(at('inner/0_Transformer'));
    for (const file of files) renameSync(at('inner', file), at('inner/0_Transformer', file));
    change('inner/0_Transformer/config.json', MAP);
    write('inner/0_Transformer/own.py', own('inner'));
    await isRefused('inner', 'consent-needed');
  });

  it('cannot hide it behind JSON that only Python reads', async () => {
    vectors('odd', [
      [`${OWN}Transformer`, ''],
      [`${OWN}Pooling`, '1_Pooling'],
      ['own.Own', ''],
    ]);
    write('odd/own.py', `${touching('odd')}class Own: pass\n`);
    write('odd/modules.json', readFileSync(at('odd/modules.json'), 'utf8').replace('"idx":1', '"idx":NaN'));
    await isRefused('odd', 'model-damaged');
    vectors('odd-tokenizer');
    write('odd-tokenizer/own.py', own('odd-tokenizer'));
    write('odd-tokenizer/tokenizer_config.json', '{"auto_map": {"AutoTokenizer": ["own.Own", null]}, "x": NaN}');
    await isRefused('odd-tokenizer', 'model-damaged');
  });

  it('cannot have the library unpickle weights that were not looked at', async () => {
    vectors('args', [
      [`${OWN}Transformer`, ''],
      [`${OWN}Pooling`, '1_Pooling'],
      [`${OWN}Dropout`, '2_Dropout'],
    ]);
    write('args/sentence_bert_config.json', { model_args: { use_safetensors: false, weights_only: false } });
    pickle('args', 'pytorch_model.bin', 'torch.save');
    await isRefused('args', 'model-not-supported');
  });

  it('is not trusted by the runtime itself, whatever its folder says', async () => {
    vectors('unsaid');
    change('unsaid/config.json', MAP);
    write('unsaid/own.py', own('unsaid'));
    await isRefused('unsaid', 'consent-needed');
  });

  it('runs once it was agreed to, without a network, until one of its files is another', async () => {
    vectors('agreed');
    change('agreed/config.json', MAP);
    write('agreed/own.py', own('agreed'));
    const consent = await consentTo('agreed');
    const { state, stages, error } = await deploy('agreed', consent);
    assert.equal(state, 'succeeded', JSON.stringify(error));
    assert.ok(existsSync(mark('agreed')));
    const { network } = await project.until(() => project.status('agreed'));
    const detail = stages.find(({ name }) => name === 'start')!.detail!;
    if (network === 'none') assert.equal(calls, 0);
    assert.match(detail, network === 'none' ? /without a network/ : /with the network: this system/);
    // The next worker has the agreement from the state file.
    const { status, body } = await post(`${project.host.hello.url}/agreed/local/predict`, { text: 'rain fell' });
    assert.equal(status, 200, JSON.stringify(body));
    rmSync(mark('agreed'));
    write('agreed/helper/more.py', 'x = 1\n');
    const again = await deploy('agreed', consent);
    assert.equal(again.error?.code, 'consent-needed');
    assert.equal(existsSync(mark('agreed')), false);
  });

  it('keeps the network where the system does not let it go, and its status says so as long as that is so', async () => {
    vectors('kept');
    change('kept/config.json', MAP);
    write('kept/own.py', own('kept'));
    const before = calls;
    const operation = await deploy('kept', await consentTo('kept'), withoutUnshare());
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error));
    const detail = operation.stages.find(({ name }) => name === 'start')!.detail!;
    assert.match(detail, /with the network: this system does not let it run without/);
    assert.ok(calls > before, 'it had it');
    assert.equal((await project.until(() => project.status('kept'))).network, 'kept');
    // The next worker found the same.
    const { status } = await post(`${project.host.hello.url}/kept/local/predict`, { text: 'rain fell' });
    assert.equal(status, 200);
    assert.equal(project.status('kept')!.network, 'kept');
  });

  /** The same Python on a system without the call by which a process leaves the network. */
  function withoutUnshare(): string {
    const folder = path.join(project.home, 'without-unshare');
    execFileSync(FRAMEWORKS_PYTHON, ['-m', 'venv', '--without-pip', folder]);
    const script = 'import sysconfig; print(sysconfig.get_path("purelib"))';
    const packages = (python: string): string => execFileSync(python, ['-c', script], { encoding: 'utf8' }).trim();
    const python = path.join(folder, 'bin/python');
    const call = [
      'import _ctypes',
      'real = _ctypes.dlsym',
      'def dlsym(handle, name):',
      '    if name == "unshare": raise OSError("no such call")',
      '    return real(handle, name)',
      '_ctypes.dlsym = dlsym',
    ];
    writeFileSync(path.join(packages(python), 'no_unshare.py'), call.join('\n'));
    writeFileSync(path.join(packages(python), 'more.pth'), `import no_unshare\n${packages(FRAMEWORKS_PYTHON)}\n`);
    return python;
  }
});
